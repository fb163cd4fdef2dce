#!/usr/bin/env bash
# Renders lines into records on Google Cloud Dataflow, and trains on them where they lie.
#
#   bash examples/dataflow.sh PROJECT REGION gs://BUCKET
#
# Before it: an image with ocrdata for the workers (examples/worker.Dockerfile), pushed to
# REGION-docker.pkg.dev/PROJECT/ocrdata/worker, and pip install "ocrdata[beam,remote,train]" gcsfs
# "apache-beam[gcp]" here, in the image's versions. WORKERS is the number of machines (default 20).
set -euo pipefail

project=${1:?the project}
region=${2:?the region, such as europe-west1}
bucket=${3:?the bucket, as gs://name}
workers=${WORKERS:-20}

# Processes, not threads, do the work: one on each processor of a machine.
cluster=(
    --runner DataflowRunner
    --runner-option "project=$project"
    --runner-option "region=$region"
    --runner-option "temp_location=$bucket/temp"
    --runner-option "sdk_container_image=${IMAGE:-$region-docker.pkg.dev/$project/ocrdata/worker}"
    --runner-option sdk_location=container
    --runner-option "max_num_workers=$workers"
    --runner-option machine_type=n2-standard-4
    --runner-option number_of_worker_harness_threads=1
)

ocrdata gen-pics --data-dir "$bucket/lines" --records --shards $((16 * workers)) --variants 500 \
    "${cluster[@]}"
ocrdata check "$bucket/lines/tfrecords"
ocrdata train crnn --data-dir "$bucket/lines" --output-dir output
