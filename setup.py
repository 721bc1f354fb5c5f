"""Packaging: requirements from requirements/, configs and tools in .mim."""

import os
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
SHIPPED = ('configs', 'tools', 'model-index.yml')


def read_requirements(name: str) -> list[str]:
    """Give the requirements of ``requirements/{name}.txt``, uncommented."""
    text = (ROOT / 'requirements' / f'{name}.txt').read_text('utf-8')
    lines = (line.split('#')[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def read_version() -> str:
    """Give ``__version__`` without importing the package (and torch)."""
    scope: dict[str, str] = {}
    exec((ROOT / 'trimodal/version.py').read_text('utf-8'), scope)
    return scope['__version__']


def read_readme() -> str:
    """Give the README's text, or nothing in a tree without one."""
    readme = ROOT / 'README.md'
    return readme.read_text('utf-8') if readme.exists() else ''


class BuildPy(build_py):
    """Put ``configs/`` and ``tools/`` where mmengine looks for them.

    mmengine resolves ``trimodal::demo/x.py`` to ``trimodal/.mim/configs``.
    A wheel gets copies, made in the build folder only. An editable install
    gets links in ``trimodal/.mim`` (ignored by git) to the work tree, so
    that an edited config is the one that is found.
    """

    def run(self) -> None:
        """Build the package, then fill ``.mim``."""
        super().run()
        if self.editable_mode:
            self._fill(ROOT / 'trimodal' / '.mim', self._link)
        else:
            self._fill(Path(self.build_lib) / 'trimodal' / '.mim', self._copy)

    def _fill(self, target: Path, place) -> None:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name in SHIPPED:
            if (ROOT / name).exists():
                place(ROOT / name, target / name)

    def _link(self, source: Path, target: Path) -> None:
        try:
            target.symlink_to(os.path.relpath(source, target.parent))
        except OSError:  # Windows without the right to make links
            self._copy(source, target)

    def _copy(self, source: Path, target: Path) -> None:
        if source.is_dir():
            ignore = shutil.ignore_patterns('__pycache__', '*.py[cod]')
            shutil.copytree(source, target, ignore=ignore)
        else:
            shutil.copy2(source, target)


EXTRAS = {name: read_requirements(name) for name in ('optional', 'tests')}
EXTRAS['docs'] = read_requirements('docs')
EXTRAS['all'] = sorted({line for lines in EXTRAS.values() for line in lines})

setup(
    name='trimodal',
    version=read_version(),
    description='Speech, hand gesture and image, fused: a tri-modal toolkit '
    'in the style of OpenMMLab',
    long_description=read_readme(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    keywords='multimodal fusion, speech, gesture, computer vision',
    packages=find_packages(include=['trimodal', 'trimodal.*']),
    package_data={'trimodal': ['py.typed']},
    include_package_data=False,
    python_requires='>=3.10',
    install_requires=read_requirements('runtime'),
    extras_require=EXTRAS,
    cmdclass={'build_py': BuildPy},
    zip_safe=False,
)
