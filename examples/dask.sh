#!/usr/bin/env bash
# Renders lines into records on a Dask cluster: one of this machine, or one that is there already.
#
#   bash examples/dask.sh /shared/lines                       # starts a cluster here, ends it after
#   bash examples/dask.sh /shared/lines tcp://HOST:8786       # works on one that is there
#
# /shared is a folder that the launcher and all workers see under this path. More machines: on each,
# `dask worker tcp://HOST:8786 --nthreads 1 --nworkers auto` with the same ocrdata installed.
#
# Dask's own tools start the same cluster elsewhere, and print the address to give here:
#   SLURM, PBS, LSF, SGE    dask-jobqueue: SLURMCluster(cores=1, processes=1, memory="2GB").scale(64)
#   Kubernetes              dask-kubernetes: KubeCluster(image=YOURS, n_workers=64), or its operator
#   SSH                     dask ssh HOST HOST HOST
set -euo pipefail

data=${1:?a folder that all machines see}
address=${2:-}
workers=${WORKERS:-2}
lines=${LINES_TO_RENDER:-100000}

if [ -z "$address" ]; then
    place=$(mktemp -d)
    # Workers would look at what they do a hundred times a second: 5 to 10 % of their time.
    export DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED=False
    dask scheduler --host 127.0.0.1 --port 0 --no-dashboard --scheduler-file "$place/scheduler.json" &
    trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$place"' EXIT
    for _ in $(seq "$workers"); do
        dask worker --scheduler-file "$place/scheduler.json" --nthreads 1 --no-dashboard \
            --local-directory "$place" &
    done
    cluster=(--runner DaskRunner --runner-option "dask_scheduler_file=$place/scheduler.json")
    until [ -s "$place/scheduler.json" ]; do sleep 0.2; done
    python -c "import distributed; distributed.Client(scheduler_file='$place/scheduler.json').wait_for_workers($workers)"
else
    cluster=(--runner DaskRunner --runner-option "dask_client_address=$address")
fi

# A task is a shard: several for each worker, so that none waits for the last.
ocrdata gen-pics --data-dir "$data" --records --shards $((8 * workers)) --limit "$lines" "${cluster[@]}"
ocrdata check "$data" "${cluster[@]}"
