#!/usr/bin/env bash
# DeepText on the data sets it was published with, mixed by weight, scored on ICDAR 2013.
#
#   bash examples/deeptext_mix.sh FOLDER icdar2013=PATH borndigital=PATH scutforu=PATH cocotext=PATH=0.5
#
# Each set is an importer's name, where it was downloaded to (packed or not), and how often each of its
# pictures comes in an epoch (1 without it). The first set is the one that is scored. More options of
# `ocrdata train deeptext` go into TRAIN, such as TRAIN="--pretrained vgg_16.ckpt --no-batch-norm".
set -euo pipefail

folder=$1
shift
sources=

step() {
    echo
    echo "\$ ocrdata $*"
    ocrdata --quiet "$@"
}

for set in "$@"; do
    IFS='=' read -r name path weight <<<"$set"
    step import "$name" "$path" --data-dir "$folder/$name" --task detection
    sources="${sources:+$sources,}$folder/$name=${weight:-1}"
done
first=${1%%=*}
# shellcheck disable=SC2086
step train deeptext --sources "$sources" --output-dir "$folder/output" ${TRAIN:-}
for protocol in icdar2015 deteval; do
    step evaluate deeptext --data-dir "$folder/$first" --output-dir "$folder/output" --protocol "$protocol"
done
