"""What the encoders' gradients become."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.multiprocessing as mp
from mmengine.logging import MessageHub
from mmengine.optim import OptimWrapper
from torch import distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from tests.engine.tiny_fusion import write_fusion
from trimodal.engine.hooks import OGMGEHook
from trimodal.engine.hooks.ogm_ge_hook import modulate_with_noise
from trimodal.engine.runner import TrainOptions, train
from trimodal.models import OGMGE, ConcatFusion
from trimodal.structures import Tokens
from trimodal.testing import label_samples

ONE_STEP = """
model['objectives'] = dict(
    ogm_ge=dict(type='OGMGE', alpha=0.5, noise=False, **heads))
train_dataloader['dataset'] = dict(type='ToyDataset', size=8, noise=0)
train_dataloader['batch_size'] = {batch}
train_dataloader['sampler']['shuffle'] = False
train_cfg['max_epochs'] = {epochs}
optim_wrapper['accumulative_counts'] = {accumulated}
"""
HOOK = "custom_hooks += [dict(type='OGMGEHook', {})]\n"


def result(folder: Path, name: str, hook: str, **setting: int) -> dict:
    """The weights at the end, and the logged coefficients."""
    setting = {'batch': 8, 'accumulated': 1, 'epochs': 1, **setting}
    config = write_fusion(folder, name, ONE_STEP.format(**setting) + hook)
    work_dir = folder / name
    train(config, TrainOptions(work_dir=str(work_dir), test=False))
    saved = torch.load(work_dir / f'epoch_{setting["epochs"]}.pth')
    scalars = saved['message_hub']['log_scalars']
    logged = {
        key.removeprefix('train/ogm_ge/'): value['log_history'].tolist()
        for key, value in scalars.items()
        if key in ('train/ogm_ge/a', 'train/ogm_ge/b')
    }
    return {'weights': saved['state_dict'], 'coefficients': logged}


@pytest.mark.parametrize(('batch', 'accumulated'), [(8, 1), (4, 2)])
def test_encoders_get_the_coefficient_times_the_gradient(
    tmp_path: Path, batch: int, accumulated: int
):
    """One step of SGD from the same start, with and without."""
    setting = {'batch': batch, 'accumulated': accumulated}
    frozen = "optim_wrapper['optimizer']['lr'] = 1e-30\n"
    start = result(tmp_path, 'start', frozen, **setting)['weights']
    plain = result(tmp_path, 'plain', '', **setting)['weights']
    modulated = result(tmp_path, 'modulated', HOOK.format(''), **setting)
    coefficients = modulated['coefficients']
    slowed = min(k for (k,) in coefficients.values())
    assert slowed < 0.9
    for name, value in modulated['weights'].items():
        factor = 1.0
        if name.startswith('encoders.'):
            (factor,) = coefficients[name.split('.')[1]]
        step = plain[name] - start[name]
        torch.testing.assert_close(
            value - start[name], factor * step, atol=1e-6, rtol=1e-3
        )


def test_only_in_its_epochs(tmp_path: Path):
    ours = result(tmp_path, 'span', HOOK.format('begin=1, end=3'), epochs=4)
    assert all(len(k) == 2 for k in ours['coefficients'].values())
    never = result(tmp_path, 'never', HOOK.format('begin=4'), epochs=4)
    plain = result(tmp_path, 'plain', '', epochs=4)
    for name, value in plain['weights'].items():
        assert torch.equal(value, never['weights'][name])
    by_iter = HOOK.format('begin=3, by_epoch=False')
    ours = result(tmp_path, 'iter', by_iter, epochs=2, batch=4)
    assert all(len(k) == 1 for k in ours['coefficients'].values())


def test_noise_has_the_gradients_deviation():
    torch.manual_seed(0)
    gradient = torch.randn(200_000) * 3 + 1
    noisy = [gradient.clone(), torch.full((1,), 2.0)]
    modulate_with_noise(noisy, 0.25, seed=3)
    noise = noisy[0] - 0.25 * gradient
    assert noise.mean().abs() < 0.03
    assert noise.std().item() == pytest.approx(gradient.std().item(), rel=0.01)
    assert noisy[1].tolist() == [0.5]  # one number has no deviation
    again = [gradient.clone()]
    modulate_with_noise(again, 0.25, seed=3)
    assert torch.equal(again[0], noisy[0])
    modulate_with_noise([], 0.5, seed=0)


def test_a_constant_factor_cancels_in_adam_but_not_in_sgd():
    """What the docstring warns of."""

    def trained(kind: type, factor: float) -> torch.Tensor:
        x = nn.Parameter(torch.tensor([1.0, -2.0]))
        optimizer = kind([x], lr=0.01)
        for _ in range(20):
            optimizer.zero_grad()
            (x.square().sum() + x.sum()).backward()
            x.grad *= factor
            optimizer.step()
        return x.detach()

    for kind in (torch.optim.Adam, torch.optim.AdamW):
        torch.testing.assert_close(trained(kind, 0.1), trained(kind, 1.0))
    slow, fast = (trained(torch.optim.SGD, f) for f in (0.1, 1.0))
    start = torch.tensor([1.0, -2.0])
    assert ((slow - start).abs() < 0.2 * (fast - start).abs()).all()


class Small(nn.Module):
    """An encoder each, a fusion, and the objective."""

    def __init__(self, noise: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        names, widths = ('a', 'b'), {'a': 4, 'b': 4}
        self.encoders = nn.ModuleDict({n: nn.Linear(4, 4) for n in names})
        self.fusion = ConcatFusion(names, widths, 3)
        head = {'type': 'ClsHead', 'num_classes': 3}
        part = OGMGE(names, widths, head, alpha=0.5, noise=noise)
        self.objectives = nn.ModuleDict({'ogm_ge': part})

    def forward(self, rows: slice) -> torch.Tensor:
        torch.manual_seed(2)
        x = torch.randn(8, 1, 4)[rows]
        mask = torch.ones(len(x), 1).bool()
        streams = {
            name: Tokens(encoder(x), mask, mask[:, 0])
            for name, encoder in self.encoders.items()
        }
        fused = self.fusion(streams)
        # The last sample of all has no label: the halves differ in number.
        samples = label_samples(8)[rows]
        losses = self.objectives['ogm_ge'].loss(streams, fused, samples)
        heads = sum(v for k, v in losses.items() if 'loss' in k)
        return fused.pooled.square().mean() + heads


def steps(model: nn.Module, run: nn.Module, rows: slice) -> dict:
    """The weights after three steps."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    runner = SimpleNamespace(
        model=model,
        optim_wrapper=OptimWrapper(optimizer),
        message_hub=MessageHub.get_instance('ogm_ge'),
        seed=7,
        epoch=0,
        iter=0,
    )
    hook = OGMGEHook()
    hook.before_train(runner)
    for runner.iter in range(3):
        runner.optim_wrapper.update_params(run(rows))
    hook.after_train(runner)
    assert not optimizer._optimizer_step_pre_hooks
    return {k: v.clone() for k, v in model.state_dict().items()}


def work(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    meet = f'file://{folder}/meet'
    dist.init_process_group('gloo', meet, rank=rank, world_size=2)
    for noise in (True, False):
        model = Small(noise)
        rows = slice(0, 4) if rank == 0 else slice(4, 8)
        got = steps(model, DistributedDataParallel(model), rows)
        torch.save(got, Path(folder) / f'{noise}{rank}.pt')
    dist.destroy_process_group()


def test_two_processes_make_the_step_of_one(tmp_path: Path):
    mp.spawn(work, (str(tmp_path),), nprocs=2)
    for noise in (True, False):
        first, second = (
            torch.load(tmp_path / f'{noise}{rank}.pt') for rank in range(2)
        )
        model = Small(noise)
        alone = steps(model, model, slice(0, 8))
        for name, value in first.items():
            assert torch.equal(value, second[name]), name
            torch.testing.assert_close(value, alone[name], msg=name)


def test_bad_arguments_and_a_missing_objective(tmp_path: Path):
    with pytest.raises(ValueError, match='end must be larger than begin=2'):
        OGMGEHook(begin=2, end=1)
    config = write_fusion(tmp_path, 'none', HOOK.format(''))
    with pytest.raises(
        ValueError, match=r'must name one of type OGMGE .* none'
    ):
        train(config, TrainOptions(work_dir=str(tmp_path), test=False))
