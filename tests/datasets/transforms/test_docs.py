"""docs/transforms.md says what the code does."""

import inspect
import re
from pathlib import Path

import pytest
from mmengine.dataset import Compose

from tests.datasets.transforms.samples import all_transforms, make_sample
from trimodal.datasets import transforms as package

ROW = re.compile(
    r'^\| `(\w+)` \| [A-Za-z].*\| (`.*`) \| [^|]*\|$', re.MULTILINE
)


@pytest.fixture(scope='module')
def text(repo_root: Path) -> str:
    return (repo_root / 'docs' / 'transforms.md').read_text()


def test_tables_list_every_transform_with_its_defaults(text: str) -> None:
    rows = dict(ROW.findall(text))
    in_tables = {type(t).__name__ for t in all_transforms()} | {'JoinClips'}
    assert set(rows) == in_tables
    for name, arguments in rows.items():
        parameters = inspect.signature(getattr(package, name)).parameters
        actual = {
            parameter.name: parameter.default
            for parameter in parameters.values()
            if parameter.name != 'key'  # said once for all
        }
        documented = {}
        for argument in re.findall(r'`([^`]*)`', arguments):
            key, _, default = argument.partition('=')
            documented[key] = eval(default) if default else inspect._empty
        assert documented == actual, name


def test_example_pipeline_runs(text: str) -> None:
    code = re.search(r'```python\n(train_pipeline = .*?)```', text, re.DOTALL)
    assert code
    scope: dict[str, list[dict[str, object]]] = {}
    exec(code.group(1), scope)
    packed = Compose(scope['train_pipeline'])(make_sample())
    assert packed['inputs']['image'].shape == (3, 64, 64)
    assert packed['data_samples'].img_shape == (64, 64)
