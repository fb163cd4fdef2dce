"""Real data sets read into samples: one module a family, one line a data set."""

from __future__ import annotations

from ocrdata.base.registry import Registry

IMPORTERS = Registry(
    "importer",
    {
        "borndigital": "ocrdata.importers.icdar:BORN_DIGITAL",
        "cocotext": "ocrdata.importers.cocotext:COCO_TEXT",
        "icdar": "ocrdata.importers.icdar:ICDAR",
        "icdar2003": "ocrdata.importers.words_xml:ICDAR_2003",
        "icdar2013": "ocrdata.importers.icdar:ICDAR_2013",
        "icdar2015": "ocrdata.importers.icdar:ICDAR_2015",
        "iiit5k": "ocrdata.importers.iiit5k:IIIT5K",
        "mlt2017": "ocrdata.importers.icdar:MLT_2017",
        "paddleocr": "ocrdata.importers.paddleocr:PADDLEOCR",
        "scutforu": "ocrdata.importers.scutforu:SCUT_FORU",
        "svt": "ocrdata.importers.words_xml:SVT",
        "synth90k": "ocrdata.importers.synth90k:SYNTH90K",
    },
)
