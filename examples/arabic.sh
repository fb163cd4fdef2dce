#!/usr/bin/env bash
# A reader of Arabic, from Debian's Noto fonts (fonts-noto-core) and 300 words to a score on lines
# it has not seen: bash examples/arabic.sh [FOLDER]     (default: ./arabic, replaced if it is there)
set -euo pipefail

examples=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-arabic}
mkdir -p "$folder"
cd "$folder"
python "$examples/arabic/lines.py" "$examples/arabic/words.txt" 6000 > lines.txt

step() {
    echo
    echo "\$ ocrdata $*"
    ocrdata --config "$examples/arabic/arabic.toml" "$@"
}

step gen-pics --overwrite
step gen-chars --overwrite
step build-dict --overwrite
step tfrecord --overwrite
step preview --output lines.png --overwrite
step train crnn --overwrite
step evaluate crnn
