"""Labels of imported samples made what they shall be."""

from __future__ import annotations

import dataclasses
from typing import Dict

from ocrdata.base.sample import Region, Sample
from ocrdata.importers.filters import TextFilter
from ocrdata.text.normalization import normalize_label

LABELS_NORMALIZED = "labels normalized"


def normalized_sample(
    sample: Sample, how: str, rules: TextFilter, counts: Dict[str, int]
) -> Sample:
    """Returns a sample with its labels normalized, counting those that are others now."""
    if sample.text is not None:
        text = normalize_label(sample.text, how)
        counts[LABELS_NORMALIZED] = counts.get(LABELS_NORMALIZED, 0) + (text != sample.text)
        return sample if text == sample.text else dataclasses.replace(sample, text=text)
    regions = []
    for region in sample.regions:
        text = normalize_label(region.text, how)
        counts[LABELS_NORMALIZED] = counts.get(LABELS_NORMALIZED, 0) + (text != region.text)
        regions.append(Region(region.polygon, text, region.ignore or text in rules.ignore_marks))
    return dataclasses.replace(sample, regions=tuple(regions))
