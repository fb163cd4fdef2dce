"""What is behind the texts of a scene: a picture, distractors on it, sometimes out of focus."""

from __future__ import annotations

import random

import cv2
import numpy as np

from ocrdata.render.effects.backgrounds import BackgroundBank, linear_field
from ocrdata.render.effects.noise import read_texture
from ocrdata.render.scenes.distractors import add_distractors
from ocrdata.render.scenes.scene_config import SceneConfig


def draw_scene_ground(
    config: SceneConfig, rng: random.Random, pictures: BackgroundBank
) -> np.ndarray:
    """Returns what is behind the texts, uint8 BGR [h, w, 3]: a ground with distractors on it."""
    image = _bare(config, rng, pictures)
    if config.distractors[1]:
        image = np.ascontiguousarray(image)
        add_distractors(image, rng.randint(*config.distractors), rng)
    return _defocused(image, rng)


def _bare(config: SceneConfig, rng: random.Random, pictures: BackgroundBank) -> np.ndarray:
    width, height = config.size
    image = pictures.cut(rng.random(), (height, width))
    if config.pictures:
        return cv2.flip(image, 1) if rng.random() < 0.5 else image
    # Two invented pictures and a slope make more scenes than there are pictures.
    other = pictures.cut(rng.random(), (height, width))
    if rng.random() < 0.5:
        other = cv2.flip(other, rng.choice((-1, 0, 1)))
    share = rng.uniform(0.2, 0.8)
    # In bytes throughout: pictures this large spend more on memory than on arithmetic.
    steep = rng.uniform(0, 90)
    angle = rng.uniform(0, 360)
    slope = linear_field((height, width), angle, 128.0 - steep / 2.0, 128.0 + steep / 2.0)
    grain = read_texture("paper", rng.random(), (height, width))
    slope = cv2.addWeighted(slope, 1.0, grain, rng.uniform(0.0, 0.25), 0.0)
    bright = rng.uniform(-50, 50)
    mixed = cv2.addWeighted(image, share, other, 1.0 - share, bright)
    return cv2.addWeighted(mixed, 1.0, cv2.cvtColor(slope, cv2.COLOR_GRAY2BGR), 1.0, -144.0)


def _defocused(image: np.ndarray, rng: random.Random) -> np.ndarray:
    """Returns a ground, sometimes out of focus, as where a sign stands before a street."""
    if rng.random() >= 0.35:
        return image
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.7, 3.5))
