"""What paper, lens and transmission do to a picture: pure functions on uint8 [h, w] or [h, w, 3].

Pixels are those of the picture itself; `degrade` scales a style's to the picture's height.
"""

from __future__ import annotations

import math
from functools import lru_cache
from operator import attrgetter
from typing import Any, Callable, List, Sequence, Tuple

import cv2
import numpy as np

from ocrdata.errors import OcrdataError
from ocrdata.render.effects.backgrounds import linear_field
from ocrdata.render.effects.noise import GRAIN_SIGMA, read_bank
from ocrdata.render.style.line_style import LineStyle

IMAGE_FILE_FORMATS = ("jpg", "png", "webp")


def degrade(
    pictures: Sequence[np.ndarray], styles: Sequence[LineStyle], side: int
) -> List[np.ndarray]:
    """Applies everything that styles say about light, folds, lens, sensor and transmission.

    One effect after the other, each to all pictures that have it: see `LineRenderer.draw_all`.
    """
    unit = side / 32.0
    done = list(pictures)
    for wanted, effect in _EFFECTS:
        for place, style in enumerate(styles):
            if wanted(style):
                done[place] = effect(done[place], style, unit)
    return done


def shade(image: np.ndarray, levels: float, angle: float) -> np.ndarray:
    """Lights a picture from one side: white loses or keeps up to `levels`."""
    # The share that is kept, in bytes: 255 is all of it.
    kept = linear_field(image.shape[:2], angle, 255.0, 255.0 - levels)
    if image.ndim == 3:
        kept = cv2.cvtColor(kept, cv2.COLOR_GRAY2BGR)
    return cv2.multiply(image, kept, scale=1.0 / 255.0)


def fold(image: np.ndarray, levels: float, place: float) -> np.ndarray:
    """Draws a crease across a picture: a dark line with a lighter one beside it."""
    height, width = image.shape[:2]
    lean = (place * 7.0 % 1.0 - 0.5) * height
    middle = place * width
    top = np.linspace(middle - lean, middle + lean, height, dtype=np.float32)[:, None]
    away = np.arange(width, dtype=np.float32)[None, :] - top
    reach = max(1.0, height / 24.0)
    crease = np.exp(-((away / reach) ** 2)) - 0.6 * np.exp(-(((away - 2 * reach) / reach) ** 2))
    change = np.rint(crease * np.float32(-levels)).astype(np.int16)
    if image.ndim == 3:
        change = change[..., None]
    return np.clip(image + change, 0, 255).astype(np.uint8)


def blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Blurs with a Gaussian of `sigma` pixels."""
    if sigma <= 0:
        return image
    # What lies further out weighs less than a hundredth.
    size = 2 * max(1, math.ceil(2.5 * sigma - 0.6)) + 1
    return cv2.GaussianBlur(image, (size, size), sigma, borderType=cv2.BORDER_REPLICATE)


@lru_cache(maxsize=256)
def _streak(length: int, angle: int) -> np.ndarray:
    """A line of a length in tenths of a pixel, at an angle in degrees, as a kernel of sum 1."""
    reach = length / 10.0
    size = 2 * math.ceil(reach / 2.0) + 1
    kernel = np.zeros((size * 8, size * 8), np.uint8)
    middle, half, turn = size * 4, reach * 4.0, math.radians(angle)
    step = int(round(half * math.cos(turn))), int(round(half * math.sin(turn)))
    ends = (middle - step[0], middle - step[1]), (middle + step[0], middle + step[1])
    cv2.line(kernel, ends[0], ends[1], 255, 8, cv2.LINE_AA)
    small = cv2.resize(kernel.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    return small / small.sum()


def motion(image: np.ndarray, length: float, angle: float) -> np.ndarray:
    """Blurs along a line of `length` pixels."""
    kernel = _streak(max(10, int(round(length * 10))), int(round(angle / 5.0)) * 5 % 180)
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)


@lru_cache(maxsize=64)
def _disc(radius: int) -> np.ndarray:
    """A disc of a radius in tenths of a pixel, as a kernel of sum 1."""
    reach = radius / 10.0
    size = 2 * math.ceil(reach) + 1
    kernel = np.zeros((size * 8, size * 8), np.uint8)
    cv2.circle(kernel, (size * 4, size * 4), max(1, int(round((reach + 0.3) * 8))), 255, -1)
    small = cv2.resize(kernel.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    return small / small.sum()


def defocus(image: np.ndarray, radius: float) -> np.ndarray:
    """Blurs with a disc of `radius` pixels, as a lens out of focus does."""
    kernel = _disc(max(1, int(round(radius * 10))))
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)


def lower_resolution(image: np.ndarray, share: float) -> np.ndarray:
    """Makes a picture smaller by a share and as large as before again."""
    height, width = image.shape[:2]
    size = max(1, int(round(width * share))), max(1, int(round(height * share)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _noise(place: float, shape: Tuple[int, ...]) -> np.ndarray:
    return read_bank("noise", place, int(np.prod(shape))).reshape(shape)


def add_noise(image: np.ndarray, sigma: float, place: float) -> np.ndarray:
    """Adds Gaussian noise of `sigma` levels, read from the bank at `place` in [0, 1).

    The same for all channels: grain, not color.
    """
    if sigma <= 0:
        return image
    height, width = image.shape[:2]
    grain = read_bank("grain", place, height * width).reshape(height, width)
    if image.ndim == 3:
        grain = cv2.cvtColor(grain, cv2.COLOR_GRAY2BGR)
    # One call adds, rounds and clips.
    factor = sigma / GRAIN_SIGMA
    return cv2.addWeighted(image, 1.0, grain, factor, -128.0 * factor)


def add_shot_noise(image: np.ndarray, sigma: float, place: float) -> np.ndarray:
    """Adds noise that grows with the root of the light, `sigma` levels at white (Poisson)."""
    spread = np.sqrt(np.arange(256) / 255.0) * sigma
    noise = _noise(place, image.shape)
    noisy = cv2.LUT(image, spread.astype(np.float32)) * noise
    noisy += image
    return np.clip(np.rint(noisy, out=noisy), 0, 255, out=noisy).astype(np.uint8)


def add_specks(image: np.ndarray, share: float, place: float) -> np.ndarray:
    """Turns a `share` of the pixels black or white, half and half (salt and pepper)."""
    if share <= 0:
        return image
    shape = image.shape[:2]
    drawn = read_bank("specks", place, shape[0] * shape[1]).reshape(shape)
    speckled = image.copy()
    speckled[drawn < share / 2] = 0
    speckled[drawn > 1 - share / 2] = 255
    return speckled


def compress(image: np.ndarray, quality: int) -> np.ndarray:
    """Returns what a JPEG of that quality leaves of a picture."""
    data = np.frombuffer(encode_image(image, "jpg", quality), np.uint8)
    way = cv2.IMREAD_GRAYSCALE if image.ndim == 2 else cv2.IMREAD_COLOR
    return np.asarray(cv2.imdecode(data, way))


@lru_cache(maxsize=256)
def _options(form: str, quality: int) -> Tuple[str, Tuple[int, int]]:
    return "." + form, {
        "jpg": (cv2.IMWRITE_JPEG_QUALITY, quality),
        "png": (cv2.IMWRITE_PNG_COMPRESSION, 3),
        "webp": (cv2.IMWRITE_WEBP_QUALITY, quality),
    }[form]


def encode_image(image: np.ndarray, form: str, quality: int) -> bytes:
    """Returns the bytes of a JPEG, PNG or WebP file; PNG has no quality."""
    suffix, options = _options(form, quality)
    done, data = cv2.imencode(suffix, image, options)
    if not done:
        raise OcrdataError(f"OpenCV could not encode a picture of {image.shape}.")
    return data.tobytes()


_Test = Callable[[LineStyle], Any]
_Effect = Callable[[np.ndarray, LineStyle, float], np.ndarray]
# In the order in which light, paper, lens, sensor and file act: what a style must have for an
# effect, and how it is applied; the number is a pixel at a height of 32.
_EFFECTS: Tuple[Tuple[_Test, _Effect], ...] = (
    (attrgetter("light"), lambda p, s, _: shade(p, s.light, s.light_angle)),
    (attrgetter("fold"), lambda p, s, _: fold(p, s.fold, s.fold_at)),
    (attrgetter("blur"), lambda p, s, unit: blur(p, s.blur * unit)),
    (attrgetter("motion"), lambda p, s, unit: motion(p, s.motion * unit, s.motion_angle)),
    (attrgetter("defocus"), lambda p, s, unit: defocus(p, s.defocus * unit)),
    (lambda s: s.resolution < 1.0, lambda p, s, _: lower_resolution(p, s.resolution)),
    (attrgetter("noise"), lambda p, s, _: add_noise(p, s.noise, s.noise_at)),
    (attrgetter("poisson"), lambda p, s, _: add_shot_noise(p, s.poisson, s.noise_at)),
    (attrgetter("specks"), lambda p, s, _: add_specks(p, s.specks, s.specks_at)),
    (lambda s: s.artefacts >= 1.0, lambda p, s, _: compress(p, int(s.artefacts))),
)
