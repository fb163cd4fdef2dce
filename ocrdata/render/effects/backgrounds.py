"""What is behind the text: one color, a gradient, paper, or a piece of a picture."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from ocrdata.base import random_streams
from ocrdata.base.storage.digest import file_stamp
from ocrdata.base.storage.walking import files_below
from ocrdata.errors import InputError, PathLike
from ocrdata.render.effects.colors import tinted
from ocrdata.render.effects.noise import TEXTURE_SIGMA, read_texture
from ocrdata.render.style.line_style import LineStyle

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
# A picture behind lines is kept no larger than this, with smaller versions of it, as long as they
# fit; as many as a block of lines uses do.
_LONGEST = 768
_REDUCED = (
    (8, cv2.IMREAD_REDUCED_COLOR_8),
    (4, cv2.IMREAD_REDUCED_COLOR_4),
    (2, cv2.IMREAD_REDUCED_COLOR_2),
)
_STEPS = (0.6, 0.36)
_KEPT_BYTES = 20 << 20
_INVENTED = 10


def find_pictures(
    names: Sequence[PathLike], skips: Optional[Dict[str, int]] = None
) -> Tuple[Path, ...]:
    """Returns the picture files that `names` (files, folders) mean.

    A file that is not a picture is counted in `skips` where it lies in a folder, and raises
    InputError otherwise; so does a folder without a picture.
    """
    found: List[Path] = []
    for name in names:
        path = Path(name)
        if not path.exists():
            raise InputError(path, "does not exist", hint="--background takes a file or a folder.")
        files = [path] if path.is_file() else _in_folder(path)
        good = [file for file in files if _is_image(file, path.is_file(), skips)]
        if not good:
            raise InputError(path, f"holds no picture ({', '.join(PICTURE_SUFFIXES)})")
        found += good
    return tuple(found)


def _in_folder(folder: Path) -> List[Path]:
    return sorted(path for path in files_below(folder) if path.suffix.lower() in PICTURE_SUFFIXES)


def _is_image(path: Path, strict: bool, skips: Optional[Dict[str, int]]) -> bool:
    # Only the header: decoding thousands of photographs would take minutes.
    from PIL import Image

    try:
        with Image.open(str(path)) as image:
            if min(image.size) >= 16:
                return True
            problem = "is smaller than 16 pixels"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        problem = "is not a picture that can be read"
    if strict or skips is None:
        raise InputError(path, problem, hint="It was given as a background.")
    reason = f"background {path.name} {problem}"
    skips[reason] = skips.get(reason, 0) + 1
    return False


class Piece(NamedTuple):
    """A piece of a picture, uint8 BGR [h, w, 3]: which one's, and left, top, right and bottom of it
    as shares of that picture's width and height.
    """

    image: np.ndarray
    number: int
    box: Tuple[float, float, float, float]


class BackgroundBank:
    """Pictures to put behind text: a user's files, or invented ones."""

    def __init__(self, paths: Sequence[Path] = (), longest: int = _LONGEST) -> None:
        self.paths, self.longest = tuple(paths), longest
        self._kept: Dict[Any, List[np.ndarray]] = {}
        self._bytes = 0

    def cut(self, place: float, shape: Tuple[int, int]) -> np.ndarray:
        """Returns a piece, uint8 BGR [h, w, 3]; `place` in [0, 1) chooses picture and piece."""
        return self.piece(place, shape).image

    def piece(self, place: float, shape: Tuple[int, int]) -> Piece:
        """Returns what `cut` does, and from where it is."""
        spot = place * (len(self.paths) or _INVENTED)
        number = int(spot)
        steps = self._steps(number)
        spot = int(spot % 1.0 * 4096.0 * len(steps))
        spot, choice = divmod(spot, len(steps))
        # Smaller versions show more of the picture, where there is enough of it.
        while choice and not _holds(steps[choice], shape):
            choice -= 1
        image, zoom = steps[choice], 1.0
        if not _holds(image, shape):
            zoom = max(shape[0] / image.shape[0], shape[1] / image.shape[1])
        high, wide = image.shape[:2]
        h, w = (min(a, max(1, int(round(b / zoom)))) for a, b in zip((high, wide), shape))
        y, x = spot % 64 * (high - h + 1) // 64, spot // 64 * (wide - w + 1) // 64
        box = x / wide, y / high, (x + w) / wide, (y + h) / high
        found = image[y : y + h, x : x + w]
        if zoom != 1.0:
            found = cv2.resize(found, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
        return Piece(found, number, box)

    def _steps(self, number: int) -> List[np.ndarray]:
        """Returns a picture in sizes from its own downwards, so that cutting needs no scaling."""
        key = number, file_stamp(self.paths[number]) if self.paths else None
        found = self._kept.get(key)
        if found is None:
            image = _load(self.paths[number], self.longest) if self.paths else invent_image(number)
            found = _pyramid(image)
            self._bytes += sum(step.nbytes for step in found)
            while self._kept and self._bytes > _KEPT_BYTES:
                self._bytes -= sum(step.nbytes for step in self._kept.pop(next(iter(self._kept))))
            self._kept[key] = found
        return found


def _pyramid(image: np.ndarray) -> List[np.ndarray]:
    steps = [image]
    for step in _STEPS:
        size = int(round(image.shape[1] * step)), int(round(image.shape[0] * step))
        if min(size) < 16:
            break
        steps.append(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    return steps


def _holds(image: np.ndarray, shape: Tuple[int, int]) -> bool:
    return image.shape[0] >= shape[0] and image.shape[1] >= shape[1]


def _load(path: Path, longest: int) -> np.ndarray:
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    image = cv2.imdecode(data, _way(path, longest)) if len(data) else None
    if image is None:
        raise InputError(path, "is not a picture that can be decoded", hint="Remove it.")
    ratio = longest / max(image.shape[:2])
    if ratio < 1.0:
        image = cv2.resize(image, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
    return image


def _way(path: Path, longest: int) -> int:
    """Lets a JPEG decoder skip what is not needed, for a quarter of the time."""
    from PIL import Image

    try:
        with Image.open(str(path)) as image:
            ratio = max(image.size) / longest if image.format == "JPEG" else 1.0
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        ratio = 1.0
    for step, way in _REDUCED:
        if ratio >= step:
            return way
    return cv2.IMREAD_COLOR


def invent_image(number: int, shape: Tuple[int, int] = (360, 576)) -> np.ndarray:
    """Returns a picture of surfaces, panels and discs, uint8 BGR, the same for a number."""
    rng = random_streams.stream(0, "picture", number)
    height, width = shape

    def color() -> Tuple[float, float, float]:
        return tinted(rng.uniform(20, 235), rng.uniform(0, 360), rng.random() * 0.6)

    corners = np.array([[color() for _ in range(2)] for _ in range(2)], np.float32)
    image: Any = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
    for _ in range(rng.randrange(4, 22)):
        size = rng.uniform(0.05, 0.5) * height
        middle = rng.uniform(0, width), rng.uniform(0, height)
        shade = color()
        layer = image.copy()
        if rng.random() < 0.6:
            box = (middle, (size * rng.uniform(0.5, 3), size), rng.gauss(0, 12))
            cv2.fillConvexPoly(layer, cv2.boxPoints(box).astype(np.int32), shade, cv2.LINE_AA)
        elif rng.random() < 0.5:
            cv2.circle(layer, tuple(map(int, middle)), int(size / 2), shade, -1, cv2.LINE_AA)
        else:
            end = rng.uniform(0, width), rng.uniform(0, height)
            thick = rng.randrange(1, 12)
            ends = tuple(map(int, middle)), tuple(map(int, end))
            cv2.line(layer, ends[0], ends[1], shade, thick, cv2.LINE_AA)
        image = cv2.addWeighted(image, 0.3, layer, 0.7, 0.0)
    if rng.random() < 0.5:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 6.0))
    grain = read_texture(rng.choice(("paper", "ink")), rng.random(), shape)
    amount = rng.uniform(1.0, 18.0) / TEXTURE_SIGMA
    image += ((grain.astype(np.float32) - 128.0) * np.float32(amount))[..., None]
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


@lru_cache(maxsize=1024)
def _ramp(count: int) -> np.ndarray:
    """From -1/2 to 1/2, float32 [count], at the middles of pixels."""
    return ((np.arange(count) + 0.5) / count - 0.5).astype(np.float32)


def linear_field(shape: Tuple[int, int], angle: float, low: float, high: float) -> np.ndarray:
    """Returns a slope between two levels across a picture in a direction (degrees), uint8 [h, w].

    What would lie below 0 or above 255 is cut off.
    """
    turn = math.radians(angle)
    cos, sin = math.cos(turn), math.sin(turn)
    steep = (high - low) / (abs(cos) + abs(sin))
    # Half a level more, because what follows the point is cut off.
    rows = _ramp(shape[0]) * np.float32(sin * steep) + np.float32((low + high + 1.0) / 2.0)
    field = rows[:, None] + _ramp(shape[1]) * np.float32(cos * steep)
    if min(low, high) < 0.0 or max(low, high) > 255.0:
        field = np.clip(field, 0.0, 255.0, out=field)
    return field.astype(np.uint8)


def scale_levels(image: np.ndarray, factor: float, offset: float) -> np.ndarray:
    """Returns factor x picture + offset, rounded and kept in 0 to 255."""
    return cv2.addWeighted(image, factor, image, 0.0, offset)


def draw_ground(
    style: LineStyle, shape: Tuple[int, int], pictures: BackgroundBank
) -> Optional[np.ndarray]:
    """Returns the background, uint8 [h, w] or BGR [h, w, 3]; None for one flat color.

    A grey one is still to be tinted by the paper's hue.
    """
    kind = style.background
    if kind == "gradient" and style.gradient:
        half = style.gradient / 2.0
        return linear_field(shape, style.gradient_angle, style.paper - half, style.paper + half)
    if kind == "paper" and style.texture:
        grain = read_texture("paper", style.texture_at, shape)
        factor = style.texture / TEXTURE_SIGMA
        return scale_levels(grain, factor, style.paper - 128.0 * factor)
    if kind == "picture":
        piece = pictures.cut(style.picture_at, shape)
        shade = tinted(style.paper, style.paper_hue, style.paper_tint)
        veil: Any = (*(part * style.fade for part in shade), 0.0)
        return cv2.add(scale_levels(piece, 1.0 - style.fade, 0.0), veil)
    return None
