# What quickstart.sh and run_tests.sh share: messages, and the environment.
# Sourced from the repository's root, never run.
#
# PYTHON       the Python that makes the environment (python3)
# VENV         where the environment is or shall be (.venv)
# CONSTRAINTS  a pip constraints file; empty: the newest that the ranges in
#              requirements/ allow (requirements/constraints.txt)

PYTHON="${PYTHON:-python3}"
VENV="${VENV:-.venv}"
CONSTRAINTS="${CONSTRAINTS-requirements/constraints.txt}"

say() { printf '%s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Prints the title, runs the command, prints how long it took.
# Usage: timed TITLE COMMAND [ARGUMENT ...]
timed() {
    local title="$1" start=$SECONDS
    shift
    say "==> $title"
    "$@" || return
    say "    done in $((SECONDS - start)) s"
}

check_python() {
    command -v "$1" >/dev/null ||
        fail "there is no '$1' here; name another with PYTHON=..."
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        fail "trimodal needs Python 3.10 or newer, and '$1' is" \
            "$("$1" -c 'import platform; print(platform.python_version())');" \
            "name another with PYTHON=... (for one PYTHON=python3.12)"
}

make_venv() {
    [ ! -x "$VENV/bin/python" ] || { check_python "$VENV/bin/python"; return; }
    check_python "$PYTHON"
    timed "Making the environment $VENV" "$PYTHON" -m venv "$VENV" ||
        fail "'$PYTHON -m venv' did not work (on Debian and Ubuntu it needs" \
            "the package python3-venv)"
}

# A digest of all that decides what an installation contains.
installation_digest() {
    cat setup.py requirements/*.txt ${CONSTRAINTS:+"$CONSTRAINTS"} |
        "$VENV/bin/python" -c 'import hashlib, os, sys
print(hashlib.sha256(sys.stdin.buffer.read() + os.getcwdb()).hexdigest())'
}

# Installs this tree editable, with extras; a stamp in the environment keeps
# the next call from doing it again.
# Usage: install_trimodal [EXTRA]
install_trimodal() {
    local extra="${1:-}" quiet='' stamp digest
    [ -t 1 ] || quiet=--quiet  # a person at a terminal sees the downloads
    stamp="$VENV/.trimodal${extra:+-$extra}"
    make_venv
    digest="$(installation_digest)"
    if [ "$(cat "$stamp" 2>/dev/null)" = "$digest" ]; then
        say "==> $VENV is up to date"
        return
    fi
    timed "Installing trimodal${extra:+ and its $extra requirements}" \
        "$VENV/bin/python" -m pip install $quiet \
        --disable-pip-version-check ${CONSTRAINTS:+-c "$CONSTRAINTS"} \
        -e ".${extra:+[$extra]}" ||
        fail 'pip could not install the requirements (see above)'
    check_imports
    # What has the extra has the rest too.
    printf '%s\n' "$digest" | tee "$stamp" >"$VENV/.trimodal"
}

check_imports() {
    "$VENV/bin/python" -c 'import cv2, torchaudio, torchvision
from mediapipe.tasks.python import vision' ||
        fail 'a library does not load (see above). If a lib*.so is missing,' \
            'the system lacks it: on Debian and Ubuntu' \
            "'apt-get install libgl1 libglib2.0-0 libegl1 libgles2' brings" \
            'those that OpenCV and MediaPipe need'
}
