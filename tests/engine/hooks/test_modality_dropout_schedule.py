"""Modality dropout that moves."""

import json
import math
from pathlib import Path

import pytest
import torch

from tests.engine.tiny_fusion import write_fusion
from tests.engine.toy import Killed
from trimodal.engine.hooks import ModalityDropoutSchedule
from trimodal.engine.runner import TrainOptions, train

DROPOUT = (
    "model['modality_dropout'] = dict(type='ModalityDropout', prob=0.9)\n"
)
RAMP = """custom_hooks += [dict(
    type='ModalityDropoutSchedule', start_prob=0.0, stop_prob=0.6, end=3,
    {})]
"""


@pytest.mark.parametrize(
    ('curve', 'want'),
    [
        ('linear', [0.2, 0.2, 0.2, 0.3, 0.4, 0.5, 0.6, 0.6]),
        (
            'cosine',
            [0.2] * 3
            + [0.4 - 0.2 * math.cos(math.pi * s / 4) for s in (1, 2, 3, 4)]
            + [0.6],
        ),
        ('constant', [0.2] * 6 + [0.6] * 2),
    ],
)
def test_curves_by_hand(curve, want):
    hook = ModalityDropoutSchedule(0.2, 0.6, begin=2, end=6, curve=curve)
    got = [hook.prob_at(now)[''] for now in range(8)]
    assert got == pytest.approx(want)


def test_each_modality_by_itself():
    hook = ModalityDropoutSchedule({'a': 0, 'b': 1}, {'a': 1, 'b': 0.5}, 4)
    assert hook.prob_at(1) == {'a': 0.25, 'b': 0.875}


def logged(folder: Path, key: str) -> dict[int, float]:
    """The last value of each epoch, or of each iteration."""
    values = {}
    for file in sorted(folder.glob('*/vis_data/scalars.json')):
        for line in map(json.loads, file.read_text().splitlines()):
            if key in line:
                values[line['step']] = line[key]
    return values


def test_by_epoch_and_seen_in_the_log(tmp_path: Path):
    config = write_fusion(tmp_path, 'ramp', DROPOUT + RAMP.format(''))
    train(config, TrainOptions(work_dir=str(tmp_path), test=False))
    found = logged(tmp_path, 'modality_dropout')
    assert [found[step] for step in (6, 12, 18, 24)] == pytest.approx(
        [0, 0.2, 0.4, 0.6]
    )


def test_by_iteration_goes_on_after_a_resume(tmp_path: Path):
    """Killed in the third epoch: the last checkpoint is the same."""
    ramp = DROPOUT + RAMP.replace('end=3', 'end=20').format('by_epoch=False')
    straight, resumed = tmp_path / 'straight', tmp_path / 'resumed'
    config = write_fusion(tmp_path, 'ramp', ramp)
    train(config, TrainOptions(work_dir=str(straight), test=False))
    kill = "custom_hooks += [dict(type='KillHook', stage='before_val',\
                                  epoch=3)]\n"
    killed = write_fusion(tmp_path, 'killed', ramp + kill)
    with pytest.raises(Killed):
        train(killed, TrainOptions(work_dir=str(resumed), test=False))
    again = TrainOptions(work_dir=str(resumed), test=False, resume='auto')
    train(config, again)
    ours, theirs = (
        torch.load(folder / 'epoch_4.pth')['state_dict']
        for folder in (straight, resumed)
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    found = logged(resumed, 'modality_dropout')
    assert found[24] == pytest.approx(0.6)
    assert found[10] == pytest.approx(0.6 * 9 / 20)


def test_needs_a_modality_dropout(tmp_path: Path):
    config = write_fusion(tmp_path, 'none', RAMP.format(''))
    with pytest.raises(ValueError, match='needs a model with modality_drop'):
        train(config, TrainOptions(work_dir=str(tmp_path), test=False))


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'start_prob': 1.5}, r'start_prob must lie in \[0, 1\]'),
        ({'stop_prob': -1.0}, r'stop_prob must lie in \[0, 1\]'),
        ({'stop_prob': {'a': 0.5}}, 'two numbers or name the same'),
        ({'begin': -1}, 'begin must be at least 0'),
        ({'end': 0}, 'end must be larger than begin=0'),
        ({'curve': 'square'}, "curve .*'square'"),
    ],
)
def test_bad_arguments(changes, message):
    settings = {'start_prob': 0.0, 'stop_prob': 0.5, 'end': 5}
    with pytest.raises(ValueError, match=message):
        ModalityDropoutSchedule(**{**settings, **changes})
