#!/usr/bin/env bash
# The command a UCloud training job runs in examples/gpu.Dockerfile's image. The platform adds
# --data-dir, --output-dir and --num-gpus, and sets TF_CONFIG (with `master`) on several nodes.
set -euo pipefail
exec ocrdata train crnn --resume "$@"
# For example: ucloud.sh --data-dir=/data/data --output-dir=/data/output --num-gpus=4
