"""Measured, weighed, resumed."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.multiprocessing as mp
from mmengine.config import Config
from mmengine.dataset import DefaultSampler, pseudo_collate
from torch import distributed as dist
from torch.utils.data import DataLoader

from tests.engine.hooks.test_random_state_hook import assert_same
from tests.engine.tiny_fusion import write_fusion
from tests.engine.toy import Killed, ToyDataset
from trimodal.engine.hooks import GradientBlendingHook
from trimodal.engine.runner import TrainOptions, train
from trimodal.models.objectives.gradient_blending import blend_weights
from trimodal.registry import MODELS

BLEND = """
model['objectives'] = dict(blend=dict(type='GradientBlending', **heads))
train_dataloader['dataset'] = dict(type='ToyDataset', noise=0)
val_dataloader['dataset'] = dict(type='ToyDataset', size=10, noise=0.5)
test_dataloader = val_dataloader
custom_hooks += [dict(type='GradientBlendingHook', super_epoch=2{})]
"""


def run(folder: Path, name: str, extra: str = '', **options) -> Path:
    """Train, and return the work folder."""
    config = write_fusion(folder, name, extra)
    work_dir = options.pop('work_dir', folder / name)
    train(config, TrainOptions(work_dir=str(work_dir), test=False, **options))
    return work_dir


def raw_losses(config: Path, state: dict, **data) -> list[float]:
    """Each head's loss by hand, on a whole data set."""
    model = MODELS.build(Config.fromfile(config).model)
    model.load_state_dict(state)
    model.eval()
    rows = [ToyDataset(**data)[i] for i in range(data['size'])]
    inputs = {m: [row['inputs'][m] for row in rows] for m in 'ab'}
    samples = [row['data_samples'] for row in rows]
    batch = model.data_preprocessor({'inputs': inputs}, False)
    features = model.extract_feat(batch['inputs'])
    label = torch.cat([sample.gt_label for sample in samples])
    loss = torch.nn.functional.cross_entropy
    logits = [model.heads['cls'](features.fused)]
    for name, stream in features.streams.items():
        linear = model.objectives['blend'].heads[name].layers[-1]
        logits.append(linear(stream.x[:, 0]))
    return [loss(x, label).item() for x in logits]


def test_measures_and_weighs(tmp_path: Path):
    folder = run(tmp_path, 'blend', BLEND.format(''))
    states = {
        epoch: torch.load(folder / f'epoch_{epoch}.pth')['state_dict']
        for epoch in (2, 3, 4)
    }
    name = 'objectives.blend.{}'
    for epoch in (2, 4):
        got = states[epoch][name.format('measured')]
        config = tmp_path / 'blend.py'
        want = [
            raw_losses(config, states[epoch], size=24, noise=0),
            raw_losses(config, states[epoch], size=10, noise=0.5),
        ]
        torch.testing.assert_close(got, torch.tensor(want))
    want = blend_weights(
        *(states[e][name.format('measured')] for e in (2, 4)), 0.01
    )
    torch.testing.assert_close(states[4][name.format('weights')], want)
    assert torch.equal(
        states[2][name.format('weights')], states[3][name.format('weights')]
    )
    hub = torch.load(folder / 'epoch_4.pth')['message_hub']
    logged = hub['log_scalars']['train/blend/fused']['log_history'].tolist()
    assert logged[-1] == pytest.approx(want[0].item())


def test_resume_goes_on_with_the_same(tmp_path: Path):
    """Augmented and shuffled; killed in the third epoch of four."""
    blend = BLEND.format(', max_batches=2').replace('noise=0)', 'noise=0.1)')
    straight = run(tmp_path, 'straight', blend)
    kill = "custom_hooks += [dict(type='KillHook', stage='after_train_iter',\
                                  epoch=2)]\n"
    with pytest.raises(Killed):
        run(tmp_path, 'resumed', blend + kill)
    run(tmp_path, 'resumed', blend, resume='auto')
    ours, theirs = (
        torch.load(folder / 'epoch_4.pth')['state_dict']
        for folder in (straight, tmp_path / 'resumed')
    )
    assert_same(dict(ours), dict(theirs))
    assert ours['objectives.blend.weights'][0] != 1 / 3


def test_measuring_changes_nothing_else(tmp_path: Path):
    """With weights that stay, training is as if nothing were measured."""
    never = BLEND.format('').replace('super_epoch=2', 'super_epoch=9')
    ours = run(tmp_path, 'never', never)
    hookless = '\n'.join(
        line for line in never.splitlines() if 'custom_hooks' not in line
    )
    theirs = run(tmp_path, 'hookless', hookless)
    ours, theirs = (
        torch.load(folder / 'epoch_4.pth')['state_dict']
        for folder in (ours, theirs)
    )
    for name, value in theirs.items():
        assert torch.equal(value, ours[name]) or 'measured' in name


def test_a_loader_of_its_own_and_none_at_all(tmp_path: Path):
    held = """, dataloader=dict(
        batch_size=3, num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(type='ToyDataset', size=6, noise=0.2))"""
    blind = 'val_dataloader = val_cfg = val_evaluator = None\n'
    folder = run(tmp_path, 'held', BLEND.format(held) + blind)
    state = torch.load(folder / 'epoch_4.pth')['state_dict']
    want = raw_losses(tmp_path / 'held.py', state, size=6, noise=0.2)
    torch.testing.assert_close(
        state['objectives.blend.measured'][1], torch.tensor(want)
    )
    with pytest.raises(ValueError, match='needs a dataloader of held-out'):
        run(tmp_path, 'none', BLEND.format('') + blind)


def measured(config: str) -> torch.Tensor:
    """What the hook measures of a fresh model, by the processes together."""
    torch.manual_seed(0)
    model = MODELS.build(Config.fromfile(config).model)

    def loader(size: int) -> DataLoader:
        data = ToyDataset(size=size, noise=0)
        sampler = DefaultSampler(data, shuffle=False)
        return DataLoader(data, 4, sampler=sampler, collate_fn=pseudo_collate)

    runner = SimpleNamespace(
        model=model,
        train_loop=None,
        train_dataloader=loader(24),
        val_dataloader=loader(8),
        val_loop=True,
    )
    GradientBlendingHook().before_train(runner)
    return model.objectives['blend'].measured


def work(rank: int, folder: str, config: str) -> None:
    torch.set_num_threads(1)
    meet = f'file://{folder}/meet'
    dist.init_process_group('gloo', meet, rank=rank, world_size=2)
    torch.save(measured(config), Path(folder) / f'{rank}.pt')
    dist.destroy_process_group()


def test_two_processes_measure_the_same_as_one(tmp_path: Path):
    config = write_fusion(tmp_path, 'blend', BLEND.format(''))
    mp.spawn(work, (str(tmp_path), config), nprocs=2)
    first, second = (torch.load(tmp_path / f'{rank}.pt') for rank in (0, 1))
    assert torch.equal(first, second)
    torch.testing.assert_close(first, measured(config))


@pytest.mark.parametrize(
    'argument', ['super_epoch', 'max_batches', 'least_overfit']
)
def test_bad_arguments(argument):
    with pytest.raises(ValueError, match=f'{argument} must be larger than 0'):
        GradientBlendingHook(**{argument: 0})
