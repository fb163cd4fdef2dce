"""What is behind the texts of a scene: a picture, distractors on it, sometimes out of focus."""

from __future__ import annotations

import math
import random
from typing import NamedTuple, Tuple

import cv2
import numpy as np

from ocrdata.render.effects.backgrounds import BackgroundBank
from ocrdata.render.effects.image_effects import blur
from ocrdata.render.scenes.boards import draw_board, paint_board
from ocrdata.render.scenes.distractors import add_distractors
from ocrdata.render.scenes.scene_config import Outline, SceneConfig
from ocrdata.render.scenes.surfaces import invent_surroundings
from ocrdata.render.style.line_style import NEUTRAL

_COARSE_BLUR = 2.0  # pixels


class SceneGround(NamedTuple):
    """What is behind the texts, uint8 BGR [h, w, 3], and the outlines (float32 [n, 2], in pixels)
    of texts that are in it already.
    """

    image: np.ndarray
    texts: Tuple[np.ndarray, ...]


def draw_scene_ground(
    config: SceneConfig, rng: random.Random, pictures: BackgroundBank
) -> SceneGround:
    """Returns a ground with distractors on it."""
    bare = _bare(config, rng, pictures)
    image = bare.image
    if config.distractors[1]:
        image = np.ascontiguousarray(image)
        _add_boards(image, rng)
        add_distractors(image, rng.randint(*config.distractors), rng)
    return SceneGround(_defocused(image, rng), bare.texts)


def _bare(config: SceneConfig, rng: random.Random, pictures: BackgroundBank) -> SceneGround:
    width, height = config.size
    if not config.pictures:
        return SceneGround(invent_surroundings(rng, width, height), ())
    piece = pictures.piece(rng.random(), (height, width))
    there = config.avoid[piece.number] if config.avoid else ()
    texts = [_seen(outline, piece.box, config.size) for outline in there]
    image = piece.image
    if rng.random() < 0.5:
        image = cv2.flip(image, 1)
        texts = [(points * (-1, 1) + (width, 0))[::-1] for points in texts]
    inside = [np.clip(points, 0, config.size).astype(np.float32) for points in texts]
    return SceneGround(image, tuple(p for p in inside if cv2.contourArea(p) >= 1.0))


def _seen(
    outline: Outline, box: Tuple[float, float, float, float], size: Tuple[int, int]
) -> np.ndarray:
    """Returns an outline in shares of a picture as it lies in a piece of it, in pixels."""
    left, top, right, bottom = box
    factor = np.array(size) / (right - left, bottom - top)
    points: np.ndarray = (np.array(outline) - (left, top)) * factor
    return points


def _add_boards(image: np.ndarray, rng: random.Random) -> None:
    """Puts boards without text into a scene: not every sign is one to be read."""
    height, width = image.shape[:2]
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        em = min(width, height) * rng.uniform(0.02, 0.1)
        style = NEUTRAL._replace(
            paper=rng.uniform(0, 255),
            paper_hue=rng.uniform(0, 360),
            paper_tint=rng.random() * 0.8,
            ink=rng.uniform(0, 255),
        )
        size = em * np.array([rng.uniform(1, 12), rng.uniform(0.8, 4)])
        corner = np.array([rng.uniform(0, width), rng.uniform(0, height)]) - size / 2
        square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size + corner
        shaken = square + np.array([[rng.gauss(0, 0.2 * em) for _ in range(2)] for _ in range(4)])
        paint_board(image, shaken, draw_board(style, em, rng))


def _defocused(image: np.ndarray, rng: random.Random) -> np.ndarray:
    """Returns a ground, sometimes out of focus, as where a sign stands before a street."""
    if rng.random() >= 0.35:
        return image
    sigma = rng.uniform(0.7, 3.5)
    if sigma < _COARSE_BLUR:
        return blur(image, sigma)
    # So soft a picture is the same in a quarter of the pixels: two halvings blur a little, too.
    height, width = image.shape[:2]
    half = cv2.resize(image, (-(-width // 2), -(-height // 2)), interpolation=cv2.INTER_AREA)
    return cv2.resize(blur(half, math.sqrt(sigma**2 - 0.75) / 2.0), (width, height))
