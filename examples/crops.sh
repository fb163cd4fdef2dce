#!/usr/bin/env bash
# From a detection set to a word recogniser: crops, dictionary, records, training, score.
#
#   bash examples/crops.sh FOLDER                       on scenes it renders itself
#   bash examples/crops.sh FOLDER icdar2015 DOWNLOADS   on a real set, packed or unpacked
#
# STEPS sets the length of the training (default 2000), SCENES how many are rendered (default 1500).
set -euo pipefail

folder=${1:-crops}
mkdir -p "$folder"
name=${2:-icdar}
source=${3:-$folder/scenes/images}

step() {
    echo
    echo "\$ ocrdata $*"
    ocrdata --quiet "$@"
}

if [ $# -lt 3 ]; then
    step gen-scenes --data-dir "$folder/scenes" --limit "${SCENES:-1500}" --corpus dates --corpus numbers --words 1 --letter-case keep
fi
data=(--data-dir "$folder/data")
run=(--output-dir "$folder/output")
step import "$name" "$source" "${data[@]}" --crops --margin 0.05 --max-length 12 --skip-errors
step build-dict "${data[@]}"
step tfrecord "${data[@]}" --shards 4
# Real sets repeat pictures and words across their official splits: named here, not hidden.
step check "$folder/data" --allow text-in-two-splits --allow picture-in-two-splits
step preview "${data[@]}"
step train crnn "${data[@]}" "${run[@]}" --steps "${STEPS:-2000}" --batch-size 16 --learning-rate 4e-3 \
    --width-multiplier 0.25 --lstm-units 128 --long-labels skip
step evaluate crnn "${data[@]}" "${run[@]}"
