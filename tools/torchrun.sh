#!/usr/bin/env bash
# What dist_train.sh and dist_test.sh share: torchrun.sh SCRIPT CONFIG N [arguments]
set -euo pipefail
if [ $# -lt 3 ] || ! [[ $3 =~ ^[1-9][0-9]*$ ]]; then
    echo "usage: dist_train.sh CONFIG N or dist_test.sh CONFIG CKPT N, N processes a node" >&2
    exit 2
fi
script=$1 config=$2 processes=$3
shift 3

nodes=${NNODES:-1}
if [ "$nodes" = 1 ] && [ -z "${PORT:-}" ]; then
    where=(--standalone) # picks a free port
else
    where=(--nnodes="$nodes" --node_rank="${NODE_RANK:-0}"
        --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}")
fi

# The cores of this node are shared out; torch alone would give each process 1.
threads=$(($(nproc) / processes))
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((threads > 0 ? threads : 1))}
export MKL_NUM_THREADS=${MKL_NUM_THREADS:-$OMP_NUM_THREADS}

# The repository works without being installed, too.
root=$(cd "$(dirname "$0")/.." && pwd)
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}

exec "${PYTHON:-python}" -m torch.distributed.run "${where[@]}" \
    --nproc_per_node="$processes" "$script" "$config" --launcher pytorch "$@"
