#!/usr/bin/env bash
# What slurm_train.sh and slurm_test.sh share: srun.sh PARTITION JOB_NAME SCRIPT [arguments]
set -euo pipefail
partition=$1 job=$2 script=$3
shift 3

gpus_per_node=${GPUS_PER_NODE:-8}
if [ "$gpus_per_node" = 0 ]; then
    tasks=${TASKS:-1}
    resources=(--ntasks="$tasks")
else
    tasks=${GPUS:-8}
    per_node=$((tasks < gpus_per_node ? tasks : gpus_per_node))
    resources=(--gres="gpu:$per_node" --ntasks="$tasks" --ntasks-per-node="$per_node")
fi
cpus=${CPUS_PER_TASK:-5}
# mmengine calls it so; two jobs that share a node need different ones.
[ -z "${PORT:-}" ] || export MASTER_PORT=$PORT
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
export MKL_NUM_THREADS=${MKL_NUM_THREADS:-$OMP_NUM_THREADS}

# The repository works without being installed, too.
root=$(cd "$(dirname "$0")/.." && pwd)
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}

# shellcheck disable=SC2086  # SRUN_ARGS is a list of options
exec srun --partition="$partition" --job-name="$job" "${resources[@]}" \
    --cpus-per-task="$cpus" --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
    "${PYTHON:-python}" -u "$script" "$@" --launcher slurm
