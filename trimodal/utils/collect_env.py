"""What a bug report needs: ``python -m trimodal.utils.collect_env``."""

import importlib
import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from trimodal.version import __version__

COMPILERS = ('gcc', 'clang', 'cl', 'nvcc')


class Package(NamedTuple):
    """A package that trimodal uses.

    Args:
        module (str): What one imports.
        names (tuple[str, ...]): Distributions that give it, the usual first.
        use (str): What for.
        required (bool): Whether nothing works without it.
    """

    module: str
    names: tuple[str, ...]
    use: str
    required: bool = True


PACKAGES = (
    Package('torch', ('torch',), 'tensors and training'),
    Package('torchvision', ('torchvision',), 'backbones and boxes'),
    Package('torchaudio', ('torchaudio',), 'mel filter banks'),
    Package(
        'mmengine',
        ('mmengine', 'onedl-mmengine'),
        'runner, registries, configs',
    ),
    Package(
        'mmcv', ('mmcv-lite', 'mmcv', 'onedl-mmcv'), 'transforms and bricks'
    ),
    Package('numpy', ('numpy',), 'arrays'),
    Package('scipy', ('scipy',), 'filters'),
    Package('h5py', ('h5py',), 'packed data sets'),
    Package('safetensors', ('safetensors',), 'weights without code'),
    Package(
        'cv2',
        (
            'opencv-python',
            'opencv-python-headless',
            'opencv-contrib-python',
            'opencv-contrib-python-headless',
        ),
        'resizing and warping',
    ),
    Package('PIL', ('pillow',), 'picture files'),
    Package('soundfile', ('soundfile',), 'sound files'),
    Package('av', ('av',), 'video files'),
    Package('mediapipe', ('mediapipe',), 'hand landmarks'),
    Package('matplotlib', ('matplotlib',), 'pictures and curves'),
    Package('rich', ('rich',), 'progress bars and tables'),
    Package('jiwer', ('jiwer',), 'error rates of texts'),
    Package('sacrebleu', ('sacrebleu',), 'BLEU and chrF'),
    Package('pycocotools', ('pycocotools',), 'average precision of boxes'),
    Package(
        'faster_coco_eval',
        ('faster-coco-eval',),
        'faster average precision',
        False,
    ),
    Package('timm', ('timm',), 'backbones by name', False),
    Package('deepspeed', ('deepspeed',), 'its strategy', False),
    Package('tensorboard', ('tensorboard',), 'the TensorBoard log', False),
    Package('wandb', ('wandb',), 'the Weights & Biases log', False),
    Package('mlflow', ('mlflow', 'mlflow-skinny'), 'the MLflow log', False),
    Package('sqlalchemy', ('sqlalchemy',), 'the MLflow log', False),
    Package('psutil', ('psutil',), 'the memory monitor', False),
    Package('pytest', ('pytest',), 'the tests', False),
    Package('sklearn', ('scikit-learn',), 'the tests of the metrics', False),
)


def collect_env() -> dict[str, str]:
    """Describe the machine and what is installed.

    Returns:
        dict[str, str]: Name to version or description, in reading order; of
        a package it may say 'missing', or why it can not be imported.
    """
    found = {
        'trimodal': __version__,
        'python': f'{platform.python_version()} ({sys.executable})',
        'platform': platform.platform(),
    }
    for package in PACKAGES:
        broken = _broken(package)
        state = _version(package) or 'missing'
        found[package.names[0]] = f'{state}, {broken}' if broken else state
    found.update(_devices())
    for compiler in COMPILERS:
        version = _compiler(compiler)
        if version:
            found[compiler] = version
    model = _landmarker()
    found['hand landmarker'] = model or f'missing ({_landmarker_path()})'
    return found


def package_versions() -> dict[str, str]:
    """The versions of trimodal and of the packages it uses.

    Returns:
        dict[str, str]: Version by name, of what is installed. Nothing is
        imported for it.
    """
    found = {package.names[0]: _version(package) for package in PACKAGES}
    versions = {name: v for name, v in found.items() if v is not None}
    return {'trimodal': __version__, **versions}


def find_missing() -> list[str]:
    """Say what is missing and how to get it.

    Returns:
        list[str]: A line for each thing: what is broken, what is required,
        what is optional, and hand landmarks.
    """
    lacking = [p for p in PACKAGES if _version(p) is None]
    lines = [
        f'{package.names[0]} ({package.use}): {broken}'
        for package in PACKAGES
        if (broken := _broken(package))
    ]
    lines += [
        f'{package.names[0]} ({package.use}'
        f'{"" if package.required else ", optional"}): '
        f'pip install {package.names[0]}'
        for package in sorted(lacking, key=lambda p: not p.required)
    ]
    if _landmarker() is None:
        lines.append(
            'hand_landmarker.task (landmarks from videos): '
            'python tools/fetch_hand_landmarker.py'
        )
    return lines


def main() -> None:
    """Print it."""
    found = collect_env()
    width = max(map(len, found))
    for name, value in found.items():
        print(f'{name:<{width}}  {value}')
    missing = find_missing()
    print('\nMissing:' if missing else '\nNothing is missing.')
    for line in missing:
        print(f'  {line}')


def _version(package: Package) -> str | None:
    for name in package.names:
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        return version if name == package.names[0] else f'{version} ({name})'
    return None


def _broken(package: Package) -> str | None:
    """Why a package that is installed can't be imported, such as cv2."""
    if _version(package) is None:
        return None
    try:
        importlib.import_module(package.module)
    except Exception as error:  # whatever a broken installation raises
        return f'does not import: {" ".join(str(error).split())}'
    return None


def _devices() -> dict[str, str]:
    try:
        import torch
    except Exception as error:  # a broken installation is what we report
        return {'devices': f'torch can not be imported: {error}'}
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    devices = {
        'cpu': f'{platform.machine()}, {os.cpu_count()} cores, torch uses '
        f'{torch.get_num_threads()} threads',
        'cuda': f'{torch.version.cuda or "not built in"}, {count} devices',
        'distributed': ', '.join(_backends()) or 'none',
    }
    for i in range(count):
        gpu = torch.cuda.get_device_properties(i)
        devices[f'cuda:{i}'] = (
            f'{gpu.name}, {gpu.total_memory / 2**30:.0f} GiB, compute '
            f'capability {gpu.major}.{gpu.minor}'
        )
    if torch.backends.mps.is_available():
        devices['mps'] = 'available'
    return devices


def _backends() -> list[str]:
    from torch import distributed

    if not distributed.is_available():
        return []
    known = {
        'gloo': distributed.is_gloo_available(),
        'nccl': distributed.is_nccl_available(),
        'mpi': distributed.is_mpi_available(),
    }
    return [name for name, available in known.items() if available]


def _compiler(name: str) -> str | None:
    path = shutil.which(name)
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, '--version'],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return path
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    # nvcc says its version last but one, the others first.
    release = [line for line in lines if 'release' in line]
    return (release or lines or [path])[0].strip()


def _landmarker_path() -> str:
    from trimodal.datasets.preparation import hand_model

    return str(hand_model.cache_folder() / hand_model.FILE_NAME)


def _landmarker() -> str | None:
    path = _landmarker_path()
    if not os.path.isfile(path):
        return None
    from trimodal.datasets.preparation import hand_model

    origin = hand_model.SHA256.get(hand_model.checksum(Path(path)))
    return f'{path} ({origin or "of unknown origin"})'


if __name__ == '__main__':
    main()
