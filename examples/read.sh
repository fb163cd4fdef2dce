#!/usr/bin/env bash
# Reading whole pictures: train a detector and a reader, export both, read, and score end to end.
#
#   bash examples/read.sh FOLDER
#
# SCENES sets how many pictures are rendered (default 4000), DETECT and READ the steps of training
# (default 4000 and 5000); FORMAT is onnx (default; needs ocrdata[onnx]) or saved_model.
set -euo pipefail

folder=${1:-reading}
form=${FORMAT:-onnx}
mkdir -p "$folder"
cd "$folder"

step() {
    echo
    echo "\$ ocrdata $*"
    ocrdata --quiet "$@"
}

# Finding: words on signs and labels, one in ten written from top to bottom.
step gen-scenes --data-dir scenes --count "${SCENES:-4000}" --size 256 --texts 2..5 --text-height 16..36 \
    --corpus dates --corpus numbers --max-length 6 --vertical 0.1 --style print --words 1 --letter-case keep
step train east --data-dir scenes --steps "${DETECT:-4000}" --depth 14 --width-multiplier 0.25 \
    --input-size 192 --text-scale 256 --min-text-size 6 --scales 1 --min-crop-side 0.5 --background 0.1 \
    --batch-size 12 --learning-rate 3e-3 --schedule cosine --warmup-steps 50 --ema 0.99
step evaluate east --data-dir scenes

# Reading: the same words cut out; columns are turned to the left, as `read` tries too.
step import icdar scenes/images --crops --margin 0.1 --skip-errors
step build-dict
step tfrecord --shards 4
step train crnn --steps "${READ:-5000}" --batch-size 16 --learning-rate 4e-3 --width-multiplier 0.25 \
    --lstm-units 128 --long-labels skip
step evaluate crnn

step export east --format "$form"
step export crnn --format "$form"
step evaluate reading --data-dir scenes --json-file readings.jsonl
# Every fortieth picture of the test list.
mapfile -t pictures < <(awk 'NR % 40 == 1 { print "scenes/" $1 }' scenes/Test/sample.txt)
step read "${pictures[@]}" --draw drawn
echo
echo "Look at drawn/ in $folder: pictures, and what was read in them."
