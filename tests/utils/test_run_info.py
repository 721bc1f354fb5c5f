"""The state of a repository, and of this process."""

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import torch

from trimodal.utils.run_info import collect_run_info, git_state
from trimodal.version import __version__


def git(folder: Path, *arguments: str) -> str:
    who = ('-c', 'user.name=a', '-c', 'user.email=a@b.c')
    done = subprocess.run(
        ['git', '-C', str(folder), *who, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_state_of_a_repository(tmp_path: Path, monkeypatch):
    assert git_state(tmp_path) is None
    git(tmp_path, 'init', '-q', '-b', 'work')
    assert git_state(tmp_path) is None  # no commit yet
    file = tmp_path / 'a.txt'
    file.write_text('one')
    git(tmp_path, 'add', '.')
    git(tmp_path, 'commit', '-qm', 'first')
    head = git(tmp_path, 'rev-parse', 'HEAD')
    clean = {'revision': head, 'branch': 'work', 'dirty': False}
    assert git_state(tmp_path) == clean
    (tmp_path / 'untracked.txt').write_text('')
    assert git_state(tmp_path) == clean
    file.write_text('two')
    assert git_state(tmp_path) == {**clean, 'dirty': True}
    git(tmp_path, 'checkout', '-q', '--detach')
    assert git_state(tmp_path) == {**clean, 'branch': None, 'dirty': True}
    monkeypatch.setenv('PATH', '')
    assert git_state(tmp_path) is None


def test_this_process(tmp_path: Path, monkeypatch):
    git(tmp_path, 'init', '-q')
    git(tmp_path, 'commit', '-q', '--allow-empty', '-m', 'mine')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'argv', ['train.py', 'a b.py'])
    info = collect_run_info()
    assert info['command'] == [sys.executable, 'train.py', 'a b.py']
    assert info['packages']['torch'] == metadata.version('torch')
    assert info['packages']['trimodal'] == __version__
    assert info['project_git']['revision'] == git(
        tmp_path, 'rev-parse', 'HEAD'
    )
    assert info['folder'] == str(tmp_path)
    assert ('cpu' in info['devices']) is not torch.cuda.is_available()
    assert json.loads(json.dumps(info)) == info
