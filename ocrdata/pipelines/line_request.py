"""From the options of gen-pics to what the renderer takes."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from ocrdata.errors import InputError, OptionError
from ocrdata.render.effects.backgrounds import find_pictures
from ocrdata.render.effects.warp import Frame
from ocrdata.render.lines.blocks import RenderConfig
from ocrdata.render.lines.text_sampling import TextOptions
from ocrdata.render.style.line_style import LineStyle, check_value, parse_overrides, read_styles
from ocrdata.render.style.mixtures import AnyRecipe, find_recipes
from ocrdata.render.style.recipes import Spread
from ocrdata.render.text.fonts import default_fonts, find_fonts
from ocrdata.text.charset import Charset, read_charset
from ocrdata.text.corpus import read_corpora
from ocrdata.text.phrases import CorpusOptions


class RenderRequest(NamedTuple):
    """What to draw and how: texts with frequencies, the job, and what was left out already."""

    texts: Sequence[str]
    frequencies: Sequence[int]
    config: RenderConfig
    options: TextOptions
    skipped: Dict[str, int]
    dictionary: Optional[Charset] = None


def read_request(
    font: Tuple[str, ...],
    face: Optional[int],
    latin_font: Tuple[str, ...],
    fallback: bool,
    corpus: Tuple[str, ...],
    cut_length: Optional[int],
    min_length: int,
    max_length: int,
    min_frequency: int,
    variants: int,
    sampling: str,
    min_count: Optional[int],
    dictionary: Optional[Path],
    near_duplicates: str,
    style: Tuple[str, ...],
    overrides: Tuple[str, ...],
    background: Tuple[str, ...],
    height: int,
    width: Optional[int],
    direction: str,
    form: str,
    quality: Optional[str],
    boxes: bool,
    log_styles: bool,
    replay: Optional[Path],
    test_fraction: float,
    seed: int,
    limit: Optional[int],
    records: bool,
    lower_case: bool = False,
    fit: bool = False,
) -> RenderRequest:
    """Reads fonts, corpora, recipe, dictionary and backgrounds.

    Raises OptionError where options contradict each other, and what reading the files raises.
    """
    if records and form == "webp":
        raise OptionError("TensorFlow reads no WebP.", "Use --format jpg or png with --records.")
    if min_length > max_length:
        raise OptionError("--min-length is above --max-length.")
    skipped: Dict[str, int] = {}
    recipe = _recipe(style, overrides, quality, fit)
    pictures = find_pictures(background, skipped)
    charset = read_charset(dictionary) if dictionary else None
    config = RenderConfig(
        tuple(find_fonts(font or default_fonts(corpus), face, skipped)),
        recipe,
        Frame(height, width, direction == "vertical"),
        seed,
        form,
        tuple(find_fonts(latin_font, None, skipped)) if latin_font else (),
        fallback,
        pictures,
        boxes,
        log_styles,
        lower_case=lower_case,
    )
    texts: List[str] = []
    frequencies: List[int] = []
    if replay:
        texts, styles = _replayed(replay, overrides)
        config, variants, sampling = config._replace(replay=styles), 1, "listed"
    elif sampling != "random" or charset is None:
        taken = CorpusOptions(
            min_length, max_length, min_frequency=min_frequency, cut_length=cut_length
        )
        for phrase in read_corpora(corpus, taken, skipped):
            texts.append(phrase.text)
            frequencies.append(phrase.frequency)
    if records and charset:
        texts, frequencies = _encodable(texts, frequencies, charset, config, skipped)
    chosen = TextOptions(
        variants,
        limit,
        test_fraction,
        sampling,
        min_count or 0,
        charset.characters if charset else (),
        (min_length, max_length),
        near_duplicates,
    )
    return RenderRequest(texts, frequencies, config, chosen, skipped, charset)


# As large as the height lets the ink be, and nothing around it.
_FIT = {
    "size": 1.5,
    "margin_left": 0.0,
    "margin_right": 0.0,
    "margin_top": 0.0,
    "margin_bottom": 0.0,
}


def _recipe(
    style: Tuple[str, ...], overrides: Tuple[str, ...], quality: Optional[str], fit: bool
) -> AnyRecipe:
    recipe = find_recipes(style)
    if quality:
        low, _, high = quality.partition("..")
        spread = Spread(check_value("quality", low), check_value("quality", high or low))
        if spread.low > spread.high:
            raise OptionError(f"--quality needs LOW..HIGH, not {quality}.")
        recipe = recipe.with_spread("quality", spread)
    fixed = {**(_FIT if fit else {}), **parse_overrides(overrides)}
    return recipe.with_fixed(fixed) if fixed else recipe


def _replayed(path: Path, overrides: Tuple[str, ...]) -> Tuple[List[str], Tuple[LineStyle, ...]]:
    values = parse_overrides(overrides)
    rows = list(read_styles(path))
    if not rows:
        hint = "gen-pics --log-styles writes such files, as styles/styles.jsonl."
        raise InputError(path, "holds no style", hint=hint)
    return [text for text, _ in rows], tuple(style._replace(**values) for _, style in rows)


def _encodable(
    texts: List[str],
    frequencies: List[int],
    charset: Charset,
    config: RenderConfig,
    skipped: Dict[str, int],
) -> Tuple[List[str], List[int]]:
    pairs = []
    for text, frequency in zip(texts, frequencies):
        missing = charset.missing(config.label(text))
        if missing:
            reason = f"character not in the dictionary: {missing[0]}"
            skipped[reason] = skipped.get(reason, 0) + 1
        else:
            pairs.append((text, frequency))
    return [text for text, _ in pairs], [frequency for _, frequency in pairs]
