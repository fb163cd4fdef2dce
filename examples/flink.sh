#!/usr/bin/env bash
# Renders lines into records on an Apache Flink cluster, and shards from picture lists.
#
#   bash examples/flink.sh HOST:8081 /shared/lines
#
# /shared is a folder that the launcher and all task managers mount. Beside each task manager runs a
# pool of workers, from the image of examples/worker.Dockerfile:
#
#   docker run -d --network host -v /shared:/shared ocrdata-worker --worker_pool
#
# The launcher needs Java 11 or newer: Beam starts its job server there. Without a network, name its
# file with --runner-option flink_job_server_jar=FILE. SLOTS is the number of task slots (default 16).
set -euo pipefail

master=${1:?the address of the job manager, such as flink:8081}
data=${2:?a folder that all machines see}
slots=${SLOTS:-16}

cluster=(
    --runner FlinkRunner
    --runner-option "flink_master=$master"
    --runner-option flink_version=1.20
    --runner-option "parallelism=$slots"
    --runner-option environment_type=EXTERNAL
    --runner-option environment_config=localhost:50000
)

# A task is a shard: several for each slot, so that none waits for the last.
ocrdata gen-pics --data-dir "$data" --records --shards $((4 * slots)) --variants 500 "${cluster[@]}"

# The same by way of picture files, which other programs read as well.
ocrdata gen-pics --data-dir "$data/files" --variants 500 "${cluster[@]}"
ocrdata build-dict --data-dir "$data/files"
ocrdata tfrecord --data-dir "$data/files" --shards $((4 * slots)) "${cluster[@]}"
