#!/usr/bin/env bash
# From a clean clone to a trained and tested tri-modal model, on data that it
# makes itself:
#     bash tools/quickstart.sh
# Run again, it does only what is not done yet; an interrupted training goes
# on from its last checkpoint. PYTHON, VENV and CONSTRAINTS: see tools/env.sh.
# CONFIG, a config that reads data/demo_packed, and WORK_DIR may be set, too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/env.sh

# The model is small: more threads gain little, and where other programs have
# the cores they wait for each other (measured: ten times as long).
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"

DEFAULT=configs/demo/cross-attention_small_b16-20e_demo.py
CONFIG="${CONFIG:-$DEFAULT}"
# What is done for one config is not done for another.
if [ "$CONFIG" = "$DEFAULT" ]; then
    WORK_DIR="${WORK_DIR:-work_dirs/quickstart}"
else
    WORK_DIR="${WORK_DIR:-work_dirs/quickstart_$(basename "$CONFIG" .py)}"
fi
RAW=data/demo
PACKED=data/demo_packed
PREPARATION=configs/_base_/preprocessing/demo.py
TABLE="$WORK_DIR/accuracy.txt"
CURVES="$WORK_DIR/curves.png"
STEPS=6

# Runs a command unless its stamp is there; sets the stamp when it ends well.
# Usage: once NUMBER STAMP TITLE COMMAND [ARGUMENT ...]
once() {
    local stamp="$2" title="[$1/$STEPS] $3"
    shift 3
    if [ -e "$stamp" ]; then
        say "==> $title: done before (remove $stamp to do it again)"
        return
    fi
    timed "$title" "$@" || fail "step ${title%% *} failed (see above)"
    mkdir -p "$(dirname "$stamp")"
    touch "$stamp"
}

run() { "$VENV/bin/python" "$@"; }

best_checkpoint() {
    local found
    found="$(ls -t "$WORK_DIR"/best_*.pth 2>/dev/null | head -n 1)" || true
    [ -n "$found" ] || fail "there is no best_*.pth in $WORK_DIR"
    printf '%s\n' "$found"
}

test_best() {
    local checkpoint
    checkpoint="$(best_checkpoint)" &&
        run tools/test.py "$CONFIG" "$checkpoint" --subsets \
            --work-dir "$WORK_DIR/test" --out "$WORK_DIR/test/subsets.json" &&
        run tools/analysis_tools/plot_logs.py "$WORK_DIR" --out "$CURVES" &&
        accuracy_table "$WORK_DIR/test/subsets.json" >"$TABLE"
}

# One line a subset, from the metrics named like speech+image/accuracy/top1.
accuracy_table() {
    run - "$1" <<'PYTHON'
import json
import sys

with open(sys.argv[1]) as file:
    metrics = json.load(file)['metrics']
tail = '/accuracy/top1'
rows = {k.removesuffix(tail): metrics[k] for k in metrics if k.endswith(tail)}
width = max(map(len, rows))
for name, accuracy in rows.items():
    print(f'    {name:{width}}  {100 * accuracy:6.1f} %')
PYTHON
}

[ -f "$CONFIG" ] || fail "CONFIG=$CONFIG does not exist"
say "==> [1/$STEPS] Environment"
install_trimodal
once 2 "$VENV/.hand-landmarker" 'Fetching the hand-landmark model' \
    run tools/fetch_hand_landmarker.py
once 3 "$RAW/.complete" "Making the demo data set in $RAW" \
    run tools/dataset_converters/demo.py --out "$RAW"
once 4 "$PACKED/.complete" "Preparing it in $PACKED" \
    run tools/prepare_data.py "$RAW" "$PACKED" --config "$PREPARATION"
once 5 "$WORK_DIR/.trained" "Training $CONFIG" \
    run tools/train.py "$CONFIG" --work-dir "$WORK_DIR" --resume --no-test
once 6 "$WORK_DIR/.tested" 'Testing the best checkpoint on every subset' \
    test_best

say ''
say 'Accuracy on the test split, by the modalities that the model is given:'
cat "$TABLE"
say ''
say "Checkpoint  $(best_checkpoint)"
say "Curves      $CURVES; $VENV/bin/tensorboard --logdir $WORK_DIR"
say "Logs        $(ls -t "$WORK_DIR"/*/*.log | head -n 1)"
say "All of it took $SECONDS s."
