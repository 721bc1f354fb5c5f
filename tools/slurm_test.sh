#!/usr/bin/env bash
# Test under Slurm: tools/slurm_test.sh PARTITION JOB_NAME CONFIG CKPT [options of tools/test.py]
# For the resources see tools/slurm_train.sh.
set -euo pipefail
if [ $# -lt 4 ]; then
    echo "usage: $0 PARTITION JOB_NAME CONFIG CKPT [options of tools/test.py]" >&2
    exit 2
fi
exec "$(dirname "$0")/srun.sh" "$1" "$2" "$(dirname "$0")/test.py" "${@:3}"
