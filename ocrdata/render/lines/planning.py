"""What a run of lines will write, decided before anything is: its texts, counts and manifest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

from ocrdata.errors import OptionError, UnknownNameError
from ocrdata.render.effects.image_effects import IMAGE_FILE_FORMATS
from ocrdata.render.lines.blocks import RenderConfig, possible_labels
from ocrdata.render.lines.text_sampling import (
    NEAR_DUPLICATES,
    TextOptions,
    TextPlan,
    drop_near_duplicates,
    on_test_side,
    plan_texts,
    text_digest,
)
from ocrdata.render.text.font_coverage import drawable, nothing_to_draw
from ocrdata.render.text.glyphs import GlyphCache

# JPEG and PNG stop at 65,535 pixels, WebP at 16,383; a character takes 1.4 heights at the most.
_WIDEST = {"jpg": 65_000, "png": 65_000, "webp": 16_000}
_WIDEST_CHARACTER = 1.4


@dataclass(frozen=True)
class RenderSummary:
    """What a run of `render_lines` made; `skipped` counts texts and files by reason."""

    pictures: int
    train: int
    test: int
    texts: int
    characters: int
    fonts: List[str]
    skipped: Dict[str, int] = field(default_factory=dict)


def _drawable(
    texts: Sequence[str], frequencies: Sequence[int], config: RenderConfig, skipped: Dict[str, int]
) -> Tuple[List[str], List[int]]:
    """Returns the texts that the fonts can draw and a picture can hold, with their frequencies."""
    cache = GlyphCache(config.faces, config.latin, config.fallback, settings=config.settings)
    longest = int(_WIDEST[config.form] / (config.frame.height * _WIDEST_CHARACTER))
    most = longest if config.frame.length is None else None
    places = drawable(texts, cache, skipped, most, config.letter_cases())
    return [texts[place] for place in places], [frequencies[place] for place in places]


def plan_lines(
    texts: Sequence[str],
    config: RenderConfig,
    options: TextOptions,
    skipped: Optional[Dict[str, int]] = None,
    frequencies: Sequence[int] = (),
) -> Tuple[TextPlan, Dict[str, int]]:
    """Returns what the pictures show, and what was left out by reason, `skipped` included.

    Raises CorpusError or FontError where no text is left to draw, OptionError for numbers out of
    range.
    """
    _check(config, options)
    skips: Counter[str] = Counter(skipped or {})
    if options.near_duplicates == "drop":
        frequencies = ()
        texts = drop_near_duplicates(texts, skips)
    kept, counts = _drawable(texts, frequencies or [1] * len(texts), config, skips)
    letters, _ = _drawable(options.characters, [1] * len(options.characters), config, skips)
    if not kept and not letters:
        raise nothing_to_draw(config.faces, skips)
    chosen = options._replace(characters=tuple(letters))
    plan = plan_texts(kept, counts, chosen, config.seed)
    return plan, dict(skips)


def font_names(config: RenderConfig) -> List[str]:
    """Returns the names of a run's fonts."""
    return [str(face) for face in (*config.faces, *config.latin)]


def dry_run_lines(
    plan: TextPlan, config: RenderConfig, options: TextOptions, skips: Dict[str, int]
) -> RenderSummary:
    """Returns what `render_lines` will make of a plan, by going through its texts once.

    Characters are those that the labels may have, in all letter cases of the recipe.
    """
    cases = config.letter_cases()
    sides: Dict[str, bool] = {}
    characters: Set[str] = set()
    test = 0
    texts = 0
    for task in plan.tasks():
        for text in task.texts:
            side = sides.get(text)
            if side is None:
                side = on_test_side(text, config.seed, options.test_fraction)
                characters.update(possible_labels(config, cases, text))
                texts += 1
                # Random texts hardly ever come twice: remembering them all would fill the memory.
                if plan.kind != "random":
                    sides[text] = side
            test += side
    return RenderSummary(
        plan.total,
        plan.total - test,
        test=test,
        texts=texts,
        characters=len(characters),
        fonts=font_names(config),
        skipped=skips,
    )


def describe_lines(plan: TextPlan, config: RenderConfig, options: TextOptions) -> Dict[str, Any]:
    """Returns everything that decides the bytes of a run, as the manifest holds it."""
    return {
        **config.recipe.describe(),
        "height": config.frame.height,
        "width": config.frame.length,
        "vertical": config.frame.vertical,
        "format": config.form,
        "seed": config.seed,
        "boxes": config.boxes,
        "styles": config.log,
        "lower_case": config.lower_case,
        "fonts": [str(face) for face in config.faces],
        "latin_fonts": [str(face) for face in config.latin],
        "fallback": config.fallback,
        **config.settings.describe(),
        "pictures": [str(path) for path in config.pictures],
        "variants": options.variants,
        "limit": options.limit,
        "sampling": options.sampling,
        "min_count": options.min_count,
        "test_fraction": options.test_fraction,
        "lengths": list(options.lengths),
        "texts": text_digest(plan.texts, plan.more),
        "replay": text_digest(map(repr, config.replay)),
    }


def _check(config: RenderConfig, options: TextOptions) -> None:
    if not 12 <= config.frame.height <= 512:
        text = f"--height must lie between 12 and 512 pixels, not {config.frame.height}."
        raise OptionError(text)
    if config.frame.length is not None and not 16 <= config.frame.length <= 16_000:
        text = f"--width must lie between 16 and 16,000 pixels, not {config.frame.length}."
        raise OptionError(text)
    if options.variants < 1:
        raise OptionError(f"--variants must be 1 or more, not {options.variants}.")
    if not 0.0 <= options.test_fraction < 1.0:
        raise OptionError(f"--test-fraction must lie in [0, 1), not {options.test_fraction}.")
    if options.near_duplicates not in NEAR_DUPLICATES:
        raise UnknownNameError("way with near duplicates", options.near_duplicates, NEAR_DUPLICATES)
    if config.form not in IMAGE_FILE_FORMATS:
        raise UnknownNameError("format", config.form, IMAGE_FILE_FORMATS)
