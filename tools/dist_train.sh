#!/usr/bin/env bash
# Train with several processes a node: tools/dist_train.sh CONFIG N [options of tools/train.py]
# With GPUs one process each; without, on gloo. Several nodes: run it on each of
# them with NNODES, NODE_RANK, MASTER_ADDR and PORT set.
exec "$(dirname "$0")/torchrun.sh" "$(dirname "$0")/train.py" "$@"
