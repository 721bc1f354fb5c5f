"""tests/data holds little, and says where it is from."""

from tests.test_repo.sources import ROOT

FOLDER = ROOT / 'tests' / 'data'


def test_files_are_few_small_and_named():
    readme = (FOLDER / 'README.md').read_text('utf-8')
    files = [
        path
        for path in FOLDER.rglob('*')
        if path.is_file()
        and path.name not in ('README.md', '__init__.py')
        and '__pycache__' not in path.parts
    ]
    sizes = [path.stat().st_size for path in files]
    assert all(size <= 100_000 for size in sizes)
    assert sum(sizes) <= 1_000_000
    unnamed = [path.name for path in files if path.name not in readme]
    assert not unnamed
