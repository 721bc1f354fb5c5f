"""Reading configs, and the one line for each mistake."""

import inspect
from pathlib import Path

import pytest
from mmengine.runner import Runner

from trimodal.utils.config import (
    _RUNNER_KEYS,
    ConfigError,
    did_you_mean,
    load_config,
    one_line_errors,
    unread_keys,
)


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / 'a.py'
    path.write_text(
        'optim_wrapper = dict(optimizer=dict(lr=0.1))\n'
        'pipeline = [dict(size=1), dict(size=2)]\n'
    )
    return str(path)


def test_options_go_before_the_file(config: str):
    loaded = load_config(
        config,
        {
            'optim_wrapper.optimizer.lr': 0.5,
            'pipeline.1.size': 3,
            'compile': True,
        },
    )
    assert loaded.optim_wrapper.optimizer.lr == 0.5
    assert [step.size for step in loaded.pipeline] == [1, 3]
    assert loaded.compile is True


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (
            {'optim_wraper.lr': 1},
            "the config has no 'optim_wraper'; did you mean optim_wrapper",
        ),
        ({'pipeline.7.size': 1}, 'pipeline.7.size=1: no such key'),
        ({'optim_wrapper.optimizer.lr.x': 1}, 'no such key in the config'),
    ],
)
def test_wrong_options(config: str, options: dict, message: str):
    with pytest.raises(ConfigError) as error:
        load_config(config, options)
    assert message in str(error.value)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (None, 'does not exist'),
        ('a = (', 'SyntaxError'),
        ('a = 1 / 0', 'ZeroDivisionError'),
        ("_base_ = 'none.py'", 'none.py'),
        ("custom_imports = dict(imports=['no_such'])", 'no_such'),
    ],
)
def test_wrong_files(tmp_path: Path, text: str | None, message: str):
    path = tmp_path / 'a.py'
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=message) as error:
        load_config(str(path))
    assert str(path) in str(error.value)
    assert '\n' not in str(error.value)


def test_one_line_errors(capsys):
    with (
        pytest.raises(SystemExit, match='error: wrong') as end,
        one_line_errors(),
    ):
        raise ConfigError('wrong')
    assert end.value.code != 0
    with pytest.raises(ConfigError), one_line_errors(debug=True):
        raise ConfigError('wrong')
    with pytest.raises(KeyError), one_line_errors():
        raise KeyError('a bug of ours keeps its traceback')


@pytest.mark.parametrize('line', ['', 'stopped in epoch 2'])
def test_ctrl_c(line: str, capsys):
    with pytest.raises(SystemExit) as end, one_line_errors():
        raise KeyboardInterrupt(line)
    assert end.value.code == 130
    assert capsys.readouterr().err == f'\n{line or "interrupted"}\n'


def test_the_list_of_the_runners_keys_is_whole():
    keys = set(inspect.signature(Runner.__init__).parameters)
    assert keys - {'self'} == _RUNNER_KEYS


def test_keys_that_nothing_reads():
    near = {
        'optim_wraper': 'optim_wrapper',
        'custom_hook': 'custom_hooks',
        'load_form': 'load_from',
        'log_levl': 'log_level',
        'train_dataloaders': 'train_dataloader',
        'resume_from': 'resume=True and load_from',
    }
    own = ['num_classes', 'lr', 'train_pipeline', 'val_pipeline', 'data_root']
    own += ['_optim_wraper', 'model', 'custom_imports', 'optimizer', 'epochs']
    assert unread_keys(dict.fromkeys([*near, *own])) == near


def test_questions():
    assert did_you_mean('lr_mul', ['lr_mult', 'lr']).startswith('; did you')
    assert did_you_mean('lr_mul', ['lr_mult'], 1) == '; did you mean lr_mult?'
    assert did_you_mean('x', ['lr_mult']) == ''


def test_dictionaries_are_merged_or_go_before(tmp_path: Path):
    path = tmp_path / 'a.py'
    path.write_text(
        'a = dict(b=1)\nnone = None\non = False\nrow = [dict(c=1)]'
    )
    merged = {'c': {'d': 2}}
    options = {'a': merged, 'none': merged, 'on': merged, 'compile': merged}
    options |= {'row': [merged, merged], 'a.b': merged}
    loaded = load_config(str(path), options)
    assert loaded.a == {'b': merged, **merged}
    assert loaded.none == loaded.on == loaded.compile == merged
    assert [item.c.d for item in loaded.row] == [2, 2]
    loaded = load_config(str(path), {'row.0': {'e': 1}, 'row.0.c': {'f': 1}})
    assert loaded.row == [{'c': {'f': 1}, 'e': 1}]


def test_keys_below_none(tmp_path: Path):
    """As optim_wrapper.clip_grad.max_norm is in many configs."""
    path = tmp_path / 'a.py'
    path.write_text('a = dict(b=None, c=1)\nd = None')
    options = {'a.b.x.y': 1, 'a.b.z': 2, 'd.e': 3}
    loaded = load_config(str(path), options)
    assert loaded.a == {'b': {'x': {'y': 1}, 'z': 2}, 'c': 1}
    assert loaded.d == {'e': 3}
