"""From the options of gen-pics to what the renderer takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ocrdata.errors import InputError, OptionError, UnknownNameError
from ocrdata.render.effects.backgrounds import find_pictures
from ocrdata.render.effects.warp import Frame
from ocrdata.render.fonts.fonts import default_fonts, find_fonts
from ocrdata.render.lines.blocks import RenderConfig, possible_labels
from ocrdata.render.lines.text_sampling import TextOptions
from ocrdata.render.style.line_style import LineStyle, check_value, parse_overrides, read_styles
from ocrdata.render.style.mixtures import AnyRecipe, find_recipes
from ocrdata.render.style.recipes import Spread
from ocrdata.render.text.type_settings import find_settings
from ocrdata.text.charset import Charset, read_charset
from ocrdata.text.corpus import read_corpora
from ocrdata.text.phrases import CorpusOptions, Phrase


class RenderRequest(NamedTuple):
    """What to draw and how: texts with frequencies, the job, and what was left out already."""

    texts: Sequence[str]
    frequencies: Sequence[int]
    config: RenderConfig
    options: TextOptions
    skipped: Dict[str, int]
    dictionary: Optional[Charset] = None


@dataclass(frozen=True)
class LineRequestOptions:
    """What is drawn and how, as gen-pics names its options (docs/rendering.md).

    Args:
        font, face, latin_font, fallback: which faces draw.
        font_feature, language: what is asked of them: "smcp", "liga=0"; a tag of BCP 47.
        corpus, cut_length, min_length, max_length, min_frequency: which texts are read; lengths are
            in characters.
        variants, sampling, min_count, near_duplicates, limit: how many pictures of which texts.
        dictionary: the characters of random and balanced texts, and the classes of records.
        style, overrides, background: the recipes, fields fixed in them, pictures behind the text.
        fit: letters as large as the height allows, without margins.
        height, width: in pixels; any width by default. direction: "horizontal" or "vertical".
        form, quality: of the picture files: "jpg", "png" or "webp"; N or LOW..HIGH.
        boxes, log_styles: write files of character boxes and of styles as well.
        replay: a file of texts and styles to draw again.
        test_fraction: share of the texts for Test. seed: decides everything random.
        records: the pictures go into records, so every text must be in the dictionary.
        lower_case: labels are written in lower case, and drawn as they are.
    """

    font: Tuple[str, ...] = ()
    face: Optional[int] = None
    latin_font: Tuple[str, ...] = ()
    fallback: bool = False
    font_feature: Tuple[str, ...] = ()
    language: str = ""
    corpus: Tuple[str, ...] = ()
    cut_length: Optional[int] = None
    min_length: int = 1
    max_length: int = 24
    min_frequency: int = 0
    variants: int = 5
    sampling: str = "listed"
    min_count: Optional[int] = None
    dictionary: Optional[Path] = None
    near_duplicates: str = "keep"
    style: Tuple[str, ...] = ("print",)
    fit: bool = False
    overrides: Tuple[str, ...] = ()
    background: Tuple[str, ...] = ()
    height: int = 32
    width: Optional[int] = None
    direction: str = "horizontal"
    form: str = "jpg"
    quality: Optional[str] = None
    boxes: bool = False
    log_styles: bool = False
    replay: Optional[Path] = None
    test_fraction: float = 0.1
    seed: int = 0
    limit: Optional[int] = None
    records: bool = False
    lower_case: bool = False

    def check(self) -> None:
        """Raises OptionError where options contradict each other, UnknownNameError."""
        if self.records and self.form == "webp":
            hint = "Use --format jpg or png with --records."
            raise OptionError("TensorFlow does not read WebP.", hint)
        if self.direction not in ("horizontal", "vertical"):
            raise UnknownNameError("direction", self.direction, ("horizontal", "vertical"))
        if self.min_length > self.max_length:
            raise OptionError("--min-length is above --max-length.")


def read_request(options: LineRequestOptions) -> RenderRequest:
    """Reads fonts, corpora, recipe, dictionary and backgrounds.

    Raises OptionError where options contradict each other, and what reading the files raises.
    """
    options.check()
    skipped: Dict[str, int] = {}
    charset = read_charset(options.dictionary) if options.dictionary else None
    config = _config(options, skipped)
    chosen = _text_options(options, charset)
    texts: List[str] = []
    frequencies: List[int] = []
    if options.replay:
        texts, styles = _replayed(options.replay, options.overrides)
        config = config._replace(replay=styles)
        chosen = chosen._replace(variants=1, sampling="listed")
    elif options.sampling != "random" or charset is None:
        for phrase in _phrases(options, skipped):
            texts.append(phrase.text)
            frequencies.append(phrase.frequency)
    if options.records and charset:
        if options.sampling in ("random", "balanced"):
            known = chosen.characters
            letters, _ = encodable(known, [1] * len(known), charset, config, skipped)
            chosen = chosen._replace(characters=tuple(letters))
        texts, frequencies = encodable(texts, frequencies, charset, config, skipped)
    return RenderRequest(texts, frequencies, config, chosen, skipped, charset)


def _config(options: LineRequestOptions, skipped: Dict[str, int]) -> RenderConfig:
    recipe = _recipe(options.style, options.overrides, options.quality, options.fit)
    pictures = find_pictures(options.background, skipped)
    fonts, latin = options.font or default_fonts(options.corpus), options.latin_font
    faces = find_fonts(fonts, options.face, skipped)
    others = find_fonts(latin, None, skipped) if latin else []
    return RenderConfig(
        faces=tuple(faces),
        recipe=recipe,
        frame=Frame(options.height, options.width, options.direction == "vertical"),
        seed=options.seed,
        form=options.form,
        latin=tuple(others),
        fallback=options.fallback,
        pictures=pictures,
        boxes=options.boxes,
        log=options.log_styles,
        lower_case=options.lower_case,
        settings=find_settings(options.font_feature, options.language, [*faces, *others]),
    )


def _text_options(options: LineRequestOptions, charset: Optional[Charset]) -> TextOptions:
    return TextOptions(
        variants=options.variants,
        limit=options.limit,
        test_fraction=options.test_fraction,
        sampling=options.sampling,
        min_count=options.min_count or 0,
        characters=charset.characters if charset else (),
        lengths=(options.min_length, options.max_length),
        near_duplicates=options.near_duplicates,
    )


def _phrases(options: LineRequestOptions, skipped: Dict[str, int]) -> Iterator[Phrase]:
    taken = CorpusOptions(
        options.min_length,
        options.max_length,
        min_frequency=options.min_frequency,
        cut_length=options.cut_length,
    )
    return read_corpora(options.corpus, taken, skipped)


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


def encodable(
    texts: Sequence[str],
    frequencies: Sequence[int],
    charset: Charset,
    config: RenderConfig,
    skipped: Dict[str, int],
) -> Tuple[List[str], List[int]]:
    """Returns the texts whose labels a dictionary can write, and counts the others in `skipped`."""
    pairs, cases = [], config.letter_cases()
    for text, frequency in zip(texts, frequencies):
        missing = charset.missing(possible_labels(config, cases, text))
        if missing:
            reason = f"character not in the dictionary: {missing[0]}"
            skipped[reason] = skipped.get(reason, 0) + 1
        else:
            pairs.append((text, frequency))
    return [text for text, _ in pairs], [frequency for _, frequency in pairs]
