"""What a run was made with: code, packages, command, machine."""

import os
import platform
import socket
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import torch

import trimodal
from trimodal.utils.collect_env import package_versions


def collect_run_info() -> dict[str, Any]:
    """Describe this process.

    Returns:
        dict[str, Any]: Plain values: ``started``, ``command``, ``folder``,
        ``host``, ``git`` (of trimodal's code) and ``project_git`` (of the
        current folder, if that is another repository), ``python``,
        ``platform``, ``devices``, ``packages``.
    """
    code = git_state(Path(trimodal.__file__).parent)
    project = git_state(Path.cwd())
    info: dict[str, Any] = {
        'started': datetime.now().astimezone().isoformat(timespec='seconds'),
        'command': [sys.executable, *sys.argv],
        'folder': os.getcwd(),
        'host': socket.gethostname(),
        'git': code,
        'python': platform.python_version(),
        'platform': platform.platform(),
        'devices': _devices(),
        'packages': package_versions(),
    }
    if project is not None and project != code:
        info['project_git'] = project
    return info


def git_state(folder: Path) -> dict[str, Any] | None:
    """The commit that a folder is at.

    Args:
        folder (Path): Anywhere in a repository.

    Returns:
        dict[str, Any] | None: ``revision``, ``branch`` (None if detached) and
        ``dirty``: whether a file that git knows was changed since. None if
        the folder is in no repository, or there is no git.
    """
    head = _git(folder, 'rev-parse', 'HEAD')
    if head is None:
        return None
    changed = _git(folder, 'status', '--porcelain', '--untracked-files=no')
    return {
        'revision': head,
        'branch': _git(folder, 'symbolic-ref', '--short', '-q', 'HEAD'),
        'dirty': bool(changed),
    }


def _git(folder: Path, *arguments: str) -> str | None:
    # A look must not take the lock that a commit at the same time needs.
    environment = {**os.environ, 'GIT_OPTIONAL_LOCKS': '0'}
    try:
        done = subprocess.run(
            ['git', '-C', str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            env=environment,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _devices() -> list[str]:
    if not torch.cuda.is_available():
        return ['cpu']
    count = torch.cuda.device_count()
    return [torch.cuda.get_device_name(i) for i in range(count)]
