#!/usr/bin/env bash
# The whole path, from fonts and corpora to a scored recogniser: bash examples/demo.sh [FOLDER]
#
# Everything goes into FOLDER (default: ./demo), which is replaced where it is a demo's. The
# settings are in demo.toml; a second argument names another file with settings.
set -euo pipefail

examples=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-demo}
settings=$(realpath "${2:-$examples/demo.toml}")
mkdir -p "$folder"
cd "$folder"
started=$SECONDS

step() {
    echo
    echo "\$ ocrdata $*"
    ocrdata --config "$settings" "$@"
}

step gen-pics --overwrite
step gen-chars --overwrite
step build-dict --overwrite
step tfrecord --overwrite
step check
step preview --output lines.png --overwrite
step train crnn --overwrite
step evaluate crnn
# Every fiftieth picture of the test list, twelve of them.
mapfile -t pictures < <(awk 'NR % 50 == 1 && n++ < 12 { print "data/" $1 }' data/Test/sample.txt)
step predict crnn "${pictures[@]}" --draw predictions.png --overwrite
step export crnn --overwrite

echo
python - "$((SECONDS - started))" <<'END'
import json
import sys

score = json.load(open("output/crnn/evaluation-test.json", encoding="utf-8"))
print("full-sequence accuracy on {} test lines, whose texts are not in training: {:.4f}".format(
    score["lines"], score["accuracy"]))
print("character error rate {:.4f}, 1-NED {:.4f}, {} s in all".format(
    score["character_error_rate"], score["one_minus_ned"], sys.argv[1]))
print("Look at lines.png, predictions.png and output/crnn in this folder.")
END
