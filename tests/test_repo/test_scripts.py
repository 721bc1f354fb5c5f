"""tools/*.sh and .ci/run: they parse, and refuse what cannot work."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.test_repo.sources import ROOT, relative

SCRIPTS = [*sorted((ROOT / 'tools').glob('*.sh')), ROOT / '.ci' / 'run']


def bash(
    code: str, cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess:
    """Run shell code after tools/env.sh."""
    return subprocess.run(
        ['bash', '-euo', 'pipefail', '-c', f'. {ROOT}/tools/env.sh; {code}'],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def fake_python(folder: Path, code: str) -> Path:
    """A program that answers as some Python would."""
    path = folder / 'python'
    path.write_text(f'#!/usr/bin/env bash\n{code}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize('path', SCRIPTS, ids=relative)
def test_script_parses(path: Path):
    subprocess.run(['bash', '-n', path], check=True)


def test_ci_runs_exactly_the_tests():
    lines = (ROOT / '.ci/run').read_text('utf-8').splitlines()
    code = [line for line in lines if not line.startswith('#')]
    assert code[-1] == 'exec bash tools/run_tests.sh'
    assert len(code) == 2
    assert code[0].startswith('cd ')


def test_missing_python_is_named(tmp_path):
    done = bash('make_venv', PYTHON='no-such-python', VENV=str(tmp_path / 'v'))
    assert done.returncode == 1
    assert "there is no 'no-such-python' here" in done.stderr
    assert not (tmp_path / 'v').exists()


def test_old_python_is_refused(tmp_path):
    old = fake_python(
        tmp_path, 'case "$2" in *exit*) exit 1;; *) echo 3.8.18;; esac'
    )
    done = bash('make_venv', PYTHON=str(old), VENV=str(tmp_path / 'v'))
    assert done.returncode == 1
    assert 'needs Python 3.10 or newer' in done.stderr
    assert '3.8.18' in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_install_is_skipped_when_its_stamp_is_there(tmp_path):
    """And not when the digest differs: a pip that fails tells us so."""
    (tmp_path / 'bin').mkdir()
    fake_python(
        tmp_path / 'bin',
        'case "$*" in *" pip "*) exit 9;; '
        '*hashlib*) cat >/dev/null; echo digest;; esac',
    )
    stamp = tmp_path / '.trimodal-tests'
    stamp.write_text('digest\n')
    done = bash('install_trimodal tests', VENV=str(tmp_path))
    assert done.returncode == 0
    assert 'is up to date' in done.stdout
    stamp.write_text('older\n')
    done = bash('install_trimodal tests', VENV=str(tmp_path))
    assert done.returncode == 1
    assert 'could not install' in done.stderr


def test_digest_follows_the_constraints(tmp_path):
    """The newest in range is another installation than the tested one."""
    (tmp_path / 'bin').mkdir()
    fake_python(tmp_path / 'bin', 'exec python3 "$@"')
    digests = {
        bash('installation_digest', VENV=str(tmp_path), CONSTRAINTS=c).stdout
        for c in ('', 'requirements/constraints.txt')
    }
    assert len(digests) == 2
    assert all(len(digest) == 65 for digest in digests)


def test_timed_gives_the_status_on(tmp_path):
    done = bash('timed Title false || echo status $?')
    assert done.stdout == '==> Title\nstatus 1\n'
    done = bash('timed Title true')
    assert done.stdout == '==> Title\n    done in 0 s\n'
