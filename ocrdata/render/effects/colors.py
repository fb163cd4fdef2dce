"""Colors of text and background that stay readable: a least distance in grey levels is kept.

Grey is OpenCV's: 0.299 R + 0.587 G + 0.114 B. A tint never changes the grey level of a color, so
contrast is decided by grey levels alone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Optional, Tuple

import numpy as np

Color = Tuple[float, float, float]

_WEIGHTS = (0.114, 0.587, 0.299)


def pure_hue(hue: float) -> Color:
    """Returns the fully saturated BGR color of a hue in degrees."""
    place = hue % 360.0 / 60.0
    red = min(max(abs(place - 3.0) - 1.0, 0.0), 1.0)
    green = min(max(2.0 - abs(place - 2.0), 0.0), 1.0)
    blue = min(max(2.0 - abs(place - 4.0), 0.0), 1.0)
    return 255.0 * blue, 255.0 * green, 255.0 * red


@lru_cache(maxsize=None)
def _offsets(hue: int) -> Color:
    """How far the channels of a pure hue, in whole degrees, lie from their grey level."""
    pure = pure_hue(hue)
    grey = sum(weight * value for weight, value in zip(_WEIGHTS, pure))
    blue, green, red = (value - grey for value in pure)
    return blue, green, red


def tinted(level: float, hue: float, tint: float) -> Color:
    """Returns the BGR color of a grey level, tinted as far as it can be without changing it."""
    if tint <= 0.0:
        return level, level, level
    blue, green, red = offsets = _offsets(int(hue))
    reach = min(tint, (255.0 - level) / max(offsets), -level / min(offsets))
    return level + reach * blue, level + reach * green, level + reach * red


def separate(ink: float, low: float, high: float, contrast: float) -> Tuple[float, float]:
    """Returns a text level at least `contrast` away from the background's levels low to high.

    The second number is how much the background's range must shrink about its middle (1 is not
    at all) where there is no such level.
    """
    if ink <= low - contrast or ink >= high + contrast:
        return ink, 1.0
    under, over = low - contrast, high + contrast
    darker = abs(ink - under) <= abs(ink - over)
    if under < 0.0 <= 255.0 - over or (not darker and over <= 255.0):
        return over, 1.0
    if under >= 0.0:
        return under, 1.0
    # Neither side has room: the background gives way, towards the side that has more.
    middle = (low + high) / 2.0
    half = max((high - low) / 2.0, 1e-6)
    room = max(middle, 255.0 - middle) - contrast
    shrink = min(1.0, max(0.0, room / half))
    return (0.0 if middle >= 127.5 else 255.0), shrink


def levels_of(image: np.ndarray, mask: Optional[np.ndarray] = None) -> Tuple[float, float]:
    """Returns the grey levels between which nearly all of a picture (inside a mask) lies."""
    import cv2

    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    low, high = cv2.minMaxLoc(grey, mask)[:2]
    if high - low < 30:
        return low, high
    found: Any = cv2.meanStdDev(grey, mask=mask)
    mean, reach = float(found[0][0, 0]), 2.2 * float(found[1][0, 0])
    return max(low, mean - reach), min(high, mean + reach)
