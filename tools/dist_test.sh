#!/usr/bin/env bash
# Test with several processes: tools/dist_test.sh CONFIG CKPT N [options of tools/test.py]
# For several nodes see tools/dist_train.sh.
set -euo pipefail
if [ $# -lt 3 ]; then
    echo "usage: $0 CONFIG CKPT N [options of tools/test.py]" >&2
    exit 2
fi
exec "$(dirname "$0")/torchrun.sh" "$(dirname "$0")/test.py" "$1" "$3" "$2" "${@:4}"
