"""Real data sets read into samples: one module a family, one line a data set."""

from __future__ import annotations

from ocrdata.base.registry import Registry

IMPORTERS = Registry(
    "importer",
    {
        "art": "ocrdata.importers.competition_json:ART",
        "borndigital": "ocrdata.importers.icdar:BORN_DIGITAL",
        "coco": "ocrdata.importers.coco:COCO_JSON",
        "cocotext": "ocrdata.importers.cocotext:COCO_TEXT",
        "ctw1500": "ocrdata.importers.ctw1500:CTW_1500",
        "cute80": "ocrdata.importers.word_lists:CUTE80",
        "cvat": "ocrdata.importers.cvat:CVAT",
        "icdar": "ocrdata.importers.icdar:ICDAR",
        "icdar2003": "ocrdata.importers.words_xml:ICDAR_2003",
        "icdar2013": "ocrdata.importers.icdar:ICDAR_2013",
        "icdar2015": "ocrdata.importers.icdar:ICDAR_2015",
        "iiit5k": "ocrdata.importers.iiit5k:IIIT5K",
        "labelme": "ocrdata.importers.labelme:LABELME",
        "labelstudio": "ocrdata.importers.labelstudio:LABEL_STUDIO",
        "lmdb": "ocrdata.importers.lmdb:LMDB_FILES",
        "lsvt": "ocrdata.importers.competition_json:LSVT",
        "mlt2017": "ocrdata.importers.icdar:MLT_2017",
        "mlt2019": "ocrdata.importers.similar_lines:MLT_2019",
        "mtwi": "ocrdata.importers.similar_lines:MTWI",
        "paddleocr": "ocrdata.importers.paddleocr:PADDLEOCR",
        "parquet": "ocrdata.importers.parquet:PARQUET_FILES",
        "rctw17": "ocrdata.importers.similar_lines:RCTW_17",
        "rects": "ocrdata.importers.competition_json:RECTS",
        "scutforu": "ocrdata.importers.scutforu:SCUT_FORU",
        "svt": "ocrdata.importers.words_xml:SVT",
        "svtp": "ocrdata.importers.word_lists:SVTP",
        "synth90k": "ocrdata.importers.synth90k:SYNTH90K",
        "synthtext": "ocrdata.importers.synthtext:SYNTH_TEXT",
        "tesseract": "ocrdata.importers.tesseract:TESSERACT",
        "textocr": "ocrdata.importers.textocr:TEXT_OCR",
        "totaltext": "ocrdata.importers.totaltext:TOTAL_TEXT_SET",
        "via": "ocrdata.importers.via:VIA",
        "webdataset": "ocrdata.importers.webdataset:WEBDATASET_FILES",
        "yolo": "ocrdata.importers.yolo:YOLO_LABELS",
    },
)
