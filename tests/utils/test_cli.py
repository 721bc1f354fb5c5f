"""Options that several tools share."""

import argparse

import pytest

from trimodal.utils.cli import add_common_options


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_common_options(parser)
    return parser.parse_args(['config.py', *arguments])


def test_defaults():
    args = parse()
    assert (args.config, args.work_dir) == ('config.py', None)
    assert (args.cfg_options, args.launcher) == ({}, 'none')


def test_values_get_their_types():
    args = parse('--cfg-options', 'a.b=1', 'c=[1,x]', 'd=0.5', 'e=True')
    expected = {'a.b': 1, 'c': [1, 'x'], 'd': 0.5, 'e': True}
    assert args.cfg_options == expected


@pytest.mark.parametrize('wrong', ['a', '=1', 'a..b=1', 'a=[1,(2]'])
def test_wrong_form_is_a_usage_error(wrong: str, capsys):
    with pytest.raises(SystemExit) as end:
        parse('--cfg-options', wrong)
    assert end.value.code == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert '--cfg-options' in line


def test_unknown_launcher(capsys):
    with pytest.raises(SystemExit):
        parse('--launcher', 'magic')
    assert 'slurm' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ("{'type': 'StepLR', 'a': 1e-3}", {'type': 'StepLR', 'a': 1e-3}),
        ("dict(backend='eager', n=None)", {'backend': 'eager', 'n': None}),
        ('dict(backend=eager, on=true)', {'backend': 'eager', 'on': True}),
        ('{backend:eager}', {'backend': 'eager'}),
        ("[dict(a=[1, -2]), {'b': (3,)}]", [{'a': [1, -2]}, {'b': (3,)}]),
        ("'dict(a=dict(b=inf))'", {'a': {'b': float('inf')}}),
        ('{}', {}),
        # Names of files, as ever.
        ('{}.pth', '{}.pth'),
        ('{epoch:03d}.pth', '{epoch:03d}.pth'),
        ('epoch_{}', 'epoch_{}'),
        ('dictionary', 'dictionary'),
    ],
)
def test_dictionaries(text: str, value: object):
    assert parse('--cfg-options', f'a.b={text}').cfg_options == {'a.b': value}


@pytest.mark.parametrize(
    'wrong',
    ["{'a': }", 'dict(1)', 'dict(a=f(1))', "[{'a': 1], {}]", 'dict(**a)'],
)
def test_what_looks_like_one_says_how(wrong: str, capsys):
    with pytest.raises(SystemExit) as end:
        parse('--cfg-options', f'a={wrong}')
    assert end.value.code == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert f'{wrong} is no dictionary; write "dict(type=' in line
    assert 'compile.backend=eager and param_scheduler.0.T_max=4' in line
