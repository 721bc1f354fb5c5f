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
