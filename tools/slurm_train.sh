#!/usr/bin/env bash
# Train under Slurm: tools/slurm_train.sh PARTITION JOB_NAME CONFIG [options of tools/train.py]
# GPUS (all), GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS choose the resources;
# GPUS_PER_NODE=0 with TASKS=N runs N processes without GPUs, on gloo. PORT
# (29500): jobs that share a node need different ones.
set -euo pipefail
if [ $# -lt 3 ]; then
    echo "usage: $0 PARTITION JOB_NAME CONFIG [options of tools/train.py]" >&2
    exit 2
fi
exec "$(dirname "$0")/srun.sh" "$1" "$2" "$(dirname "$0")/train.py" "${@:3}"
