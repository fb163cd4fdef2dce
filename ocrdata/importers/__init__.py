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
        "paddleocr": "ocrdata.importers.paddleocr:PADDLEOCR",
        "parquet": "ocrdata.importers.parquet:PARQUET_FILES",
        "rects": "ocrdata.importers.competition_json:RECTS",
        "scutforu": "ocrdata.importers.scutforu:SCUT_FORU",
        "svt": "ocrdata.importers.words_xml:SVT",
        "synth90k": "ocrdata.importers.synth90k:SYNTH90K",
        "tesseract": "ocrdata.importers.tesseract:TESSERACT",
        "via": "ocrdata.importers.via:VIA",
        "webdataset": "ocrdata.importers.webdataset:WEBDATASET_FILES",
        "yolo": "ocrdata.importers.yolo:YOLO_LABELS",
    },
)
