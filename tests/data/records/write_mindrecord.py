"""Writes the MindRecord files of tests/data/records: pip install mindspore==2.10.0, then run it."""

import sys

import cv2
import numpy as np
from mindspore.mindrecord import FileWriter

writer = FileWriter(sys.argv[1] + "/Deeptext-TRAIN", 2)
# The smallest that there are; by default 16 MiB and 32 MiB.
writer.set_header_size(1 << 14)
writer.set_page_size(1 << 15)
schema = {"image": {"type": "bytes"}, "annotation": {"type": "int32", "shape": [-1, 6]}}
writer.add_schema(schema, "deeptext_json")
for i in range(7):
    image = np.full((40, 50 + i, 3), 30 * i, np.uint8)
    data = cv2.imencode(".png", image)[1].tobytes()
    # A picture without text has a row of zeros; numbers of one, two and four bytes.
    rows = [[k, 100 * k, 2 * k + 10, 40000 * i + 70 * k, 1, k % 2] for k in range(1 + i)]
    rows = [[0, 0, 0, 0, 0, 1]] if i == 3 else rows
    writer.write_raw_data([{"image": data, "annotation": np.array(rows, np.int32)}])
writer.commit()
