"""Shapes of annotation tools as corners."""

from __future__ import annotations

import math

import numpy as np


def rectangle(x: float, y: float, width: float, height: float, turn: float = 0.0) -> np.ndarray:
    """Returns the corners of a rectangle, float64 [4, 2], turned by degrees around its corner."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    return corners @ turned(turn) + (x, y)


def turned(degrees: float) -> np.ndarray:
    """Returns the matrix that turns rows (x, y) clockwise on the screen."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cos, sin], [-sin, cos]])
