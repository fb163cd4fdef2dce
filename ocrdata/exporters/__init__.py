"""Samples written as other tools read them: one module a format, one line a format and task."""

from __future__ import annotations

from ocrdata.base.registry import Registry

EXPORTERS = Registry(
    "exporter",
    {
        "coco": "ocrdata.exporters.coco:COCO",
        "doctr": "ocrdata.exporters.doctr:DOCTR",
        "easyocr": "ocrdata.exporters.line_lists:EASYOCR",
        "icdar2015": "ocrdata.exporters.icdar2015:ICDAR_2015_FORMAT",
        "labelme": "ocrdata.exporters.labelme:LABELME_FORMAT",
        "lmdb": "ocrdata.exporters.lmdb:LMDB",
        "mmocr": "ocrdata.exporters.mmocr:MMOCR",
        "paddleocr": "ocrdata.exporters.paddleocr:PADDLEOCR_FORMAT",
        "parquet": "ocrdata.exporters.parquet:PARQUET",
        "tesseract": "ocrdata.exporters.tesseract:TESSERACT_FORMAT",
        "trdg": "ocrdata.exporters.line_lists:TRDG",
        "webdataset": "ocrdata.exporters.webdataset:WEBDATASET",
        "yolo": "ocrdata.exporters.yolo:YOLO_FORMAT",
        "yolo-obb": "ocrdata.exporters.yolo:YOLO_OBB",
    },
)
