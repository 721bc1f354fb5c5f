#!/usr/bin/env bash
# Lint, types and tests, in an environment made when it is missing:
#     bash tools/run_tests.sh [PYTEST ARGUMENT ...]
# PYTHON, VENV and CONSTRAINTS: see tools/env.sh. WORKERS: processes of
# pytest (2). All checks run even if one fails; the exit status is then not 0.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/env.sh

install_trimodal tests

failed=()
check() {
    timed "$*" "$VENV/bin/python" -m "$@" || failed+=("$1 $2")
}
check ruff check .
check ruff format --check .
check mypy --config-file pyproject.toml

# One thread a process: the workers share the cores already.
export OMP_NUM_THREADS=1
status=0
say '==> pytest'
"$VENV/bin/python" -m pytest -n "${WORKERS:-2}" "$@" || status=$?

if [ ${#failed[@]} -gt 0 ]; then
    printf 'failed before pytest: %s\n' "${failed[*]}" >&2
    [ "$status" -ne 0 ] || status=1
fi
exit "$status"
