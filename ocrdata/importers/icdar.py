"""The data sets of the ICDAR Robust Reading Competitions, and any folder in their form.

    377,117,463,117,465,130,378,130,Genaxis Theatre     icdar2015
    38, 43, 920, 215, "Tiredness"                       icdar2013, borndigital
    1,2,9,2,9,8,1,8,Latin,"###"                         mlt2017

The names in the trees are those of the downloads; archives may stay packed, and folders may have
any names that tell train, validation and test apart.
"""

from __future__ import annotations

from ocrdata.base.sample import DETECTION, RECOGNITION, TEST, TRAIN, VALIDATION
from ocrdata.importers.base import DatasetInfo
from ocrdata.importers.icdar_format import OUTLINE, QUAD, RECTANGLE, XYWH, IcdarImporter

SCRIPTS = (
    "Arabic",
    "Bangla",
    "Chinese",
    "Japanese",
    "Korean",
    "Latin",
    "Mixed",
    "None",
    "Symbols",
)
_BOTH = (DETECTION, RECOGNITION)

BORN_DIGITAL = IcdarImporter(
    DatasetInfo(
        "borndigital",
        "ICDAR 2013 Born-Digital Images",
        homepage="https://rrc.cvc.uab.es/?ch=1",
        licence="none stated; see the homepage",
        tasks=_BOTH,
        splits=(TRAIN, TEST),
        tree="""
  Challenge1_Training_Task12_Images(.zip)   img_1.png ...
  Challenge1_Training_Task1_GT(.zip)        gt_img_1.txt ...
  Challenge1_Test_Task12_Images(.zip)       img_1.png ...
  Challenge1_Test_Task1_GT(.zip)            gt_img_1.txt ...
words (--task recognition):
  Challenge1_Training_Task3_Images_GT(.zip) word_1.png ... gt.txt
  Challenge1_Test_Task3_Images(.zip)        word_1.png ...
  Challenge1_Test_Task3_GT.txt
""",
    ),
    coordinates=RECTANGLE,
)

ICDAR_2013 = IcdarImporter(
    DatasetInfo(
        "icdar2013",
        "ICDAR 2013 Focused Scene Text",
        homepage="https://rrc.cvc.uab.es/?ch=2",
        licence="none stated; see the homepage",
        tasks=_BOTH,
        splits=(TRAIN, TEST),
        tree="""
  Challenge2_Training_Task12_Images(.zip)   100.jpg ...
  Challenge2_Training_Task1_GT(.zip)        gt_100.txt ...
  Challenge2_Test_Task12_Images(.zip)       img_1.jpg ...
  Challenge2_Test_Task1_GT(.zip)            gt_img_1.txt ...
words (--task recognition):
  Challenge2_Training_Task3_Images_GT(.zip) word_1.png ... gt.txt
  Challenge2_Test_Task3_Images(.zip)        word_1.png ...
  Challenge2_Test_Task3_GT.txt
""",
    ),
    coordinates=RECTANGLE,
)

ICDAR_2015 = IcdarImporter(
    DatasetInfo(
        "icdar2015",
        "ICDAR 2015 Incidental Scene Text",
        homepage="https://rrc.cvc.uab.es/?ch=4",
        licence="CC BY 4.0",
        tasks=_BOTH,
        splits=(TRAIN, TEST),
        tree="""
  ch4_training_images(.zip)                           img_1.jpg ...
  ch4_training_localization_transcription_gt(.zip)    gt_img_1.txt ...
  ch4_test_images(.zip)                               img_1.jpg ...
  Challenge4_Test_Task1_GT(.zip)                      gt_img_1.txt ...
words (--task recognition):
  ch4_training_word_images_gt(.zip)                   word_1.png ... gt.txt
  ch4_test_word_images_gt(.zip)                       word_1.png ...
  Challenge4_Test_Task3_GT.txt
""",
    ),
)

MLT_2017 = IcdarImporter(
    DatasetInfo(
        "mlt2017",
        "ICDAR 2017 Multi-Lingual Text",
        homepage="https://rrc.cvc.uab.es/?ch=8",
        licence="none stated; see the homepage",
        tasks=_BOTH,
        splits=(TRAIN, VALIDATION),
        tree="""
  ch8_training_images_1(.zip) ... _8(.zip)                  img_1.jpg ...
  ch8_training_localization_transcription_gt_v2(.zip)       gt_img_1.txt ...
  ch8_validation_images(.zip)                               img_1.jpg ...
  ch8_validation_localization_transcription_gt_v2(.zip)     gt_img_1.txt ...
words (--task recognition):
  ch8_training_word_images_gt_part_1(.zip) ... _3(.zip)     word_1.png ...
  ch8_training_word_gt_v2(.zip)                             gt.txt
  ch8_validation_word_images_gt(.zip)                       word_1.png ...
  ch8_validation_word_gt_v2(.zip)                           gt.txt
""",
    ),
    options=("languages",),
    choices={"languages": SCRIPTS},
    script=True,
)

ICDAR = IcdarImporter(
    DatasetInfo(
        "icdar",
        "any pictures with ICDAR-style text files",
        homepage="",
        licence="your own",
        tasks=_BOTH,
        splits=(TRAIN, VALIDATION, TEST),
        tree="""
  anywhere: a.jpg with gt_a.txt or a.txt, a box a line: coordinates first, text last
  folders may tell splits apart (train, val, test)
words (--task recognition):
  gt.txt with lines `word_1.png, "text"`, pictures beside it
""",
    ),
    options=("coordinates", "separator", "ignore_marks", "encoding"),
    choices={"coordinates": (OUTLINE, QUAD, RECTANGLE, XYWH)},
    ignore_marks=("###", "*"),
    official=False,
)
