"""Shares of gradient and fusion against sums by hand."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.multiprocessing as mp
from mmengine.optim import OptimWrapper
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from tests.engine.hooks.test_monitoring import Loggers
from tests.engine.tiny_fusion import write_fusion
from tests.engine.toy import write_config
from trimodal.engine.hooks import ModalityContributionHook
from trimodal.engine.runner import TrainOptions, train
from trimodal.models import GatedFusion
from trimodal.structures import Tokens
from trimodal.visualization import load_scalars

NAMES = ('a', 'b', 'c')
X = torch.randn(8, 1, 4, generator=torch.Generator().manual_seed(2))
# Samples 0 to 7: all have a, some b, nobody c in the first half.
PRESENT = torch.tensor(
    [[1, 1, 1, 1, 1, 1, 1, 1], [1, 0, 0, 1, 1, 1, 0, 0], [0] * 4 + [1] * 4]
).bool()


class Small(nn.Module):
    """An encoder each and a fusion; keeps what the fusion gave."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoders = nn.ModuleDict({n: nn.Linear(4, 4) for n in NAMES})
        self.fusion = GatedFusion(NAMES, 4, 3)
        self.kept: list[Tensor] = []

    def forward(self, rows: slice) -> Tensor:
        streams = {}
        for name, present in zip(NAMES, PRESENT[:, rows], strict=True):
            empty = Tokens(X[rows], present[:, None], present)
            streams[name] = empty.with_x(self.encoders[name](X[rows]))
        fused = self.fusion(streams)
        self.kept.append(fused.weights.detach())
        return fused.pooled.square().mean()


def record(model: Small, run: nn.Module, rows: slice) -> tuple:
    """What is logged of one step, and the norms that it was made with."""
    optimizer = torch.optim.SGD(model.parameters(), lr=100)
    runner = SimpleNamespace(
        model=run,
        optim_wrapper=OptimWrapper(optimizer),
        log_processor=SimpleNamespace(by_epoch=False),
        visualizer=Loggers(),
        iter=0,
    )
    hook = ModalityContributionHook(interval=1)
    hook.before_train(runner)
    hook.before_train_iter(runner, 0)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    runner.optim_wrapper.update_params(run(rows))
    hook.after_train_iter(runner, 0)
    hook.after_train(runner)
    assert not model.fusion._forward_hooks
    steps = {k: (v - before[k]) / 100 for k, v in model.state_dict().items()}
    norms = {
        name: torch.cat(
            [g.flatten() for k, g in steps.items() if f'encoders.{name}.' in k]
        ).norm()
        for name in NAMES
    }
    return runner.visualizer.logged[0][1], norms


def check(logged: dict, norms: dict, weights: Tensor, rows: slice) -> None:
    total = sum(norms.values())
    present = PRESENT[:, rows].T
    given = weights.masked_fill(~present, 0)
    for i, name in enumerate(NAMES):
        share = float(norms[name] / total)
        assert logged[f'gradient_share/{name}'] == pytest.approx(
            share, rel=1e-4
        )
        share = float(given[:, i].sum() / given.sum())
        assert logged[f'fusion_share/{name}'] == pytest.approx(share, rel=1e-5)
        have = present[:, i]
        key = f'fusion_weight/{name}'
        assert (key in logged) is bool(have.any())
        if have.any():
            mean = float(weights[have, i].mean())
            assert logged[key] == pytest.approx(mean, rel=1e-5)


@pytest.mark.parametrize('rows', [slice(0, 8), slice(0, 4)])
def test_shares(rows: slice):
    """In the first four samples nobody has c: share 0, and no weight."""
    model = Small()
    logged, norms = record(model, model, rows)
    check(logged, norms, model.kept[0], rows)
    assert (float(norms['c']) == 0) is (rows.stop == 4)
    for what in ('gradient_share', 'fusion_share'):
        shares = [logged[f'{what}/{name}'] for name in NAMES]
        assert sum(shares) == pytest.approx(1, rel=1e-5)


def work(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    meet = f'file://{folder}/meet'
    dist.init_process_group('gloo', meet, rank=rank, world_size=2)
    model = Small()
    rows = slice(0, 4) if rank == 0 else slice(4, 8)
    logged, norms = record(model, DistributedDataParallel(model), rows)
    saved = (logged, norms, model.kept[0])
    torch.save(saved, Path(folder) / f'{rank}.pt')
    dist.destroy_process_group()


def test_two_processes(tmp_path: Path):
    mp.spawn(work, (str(tmp_path),), nprocs=2)
    (logged, norms, weights), (other, _, more) = (
        torch.load(tmp_path / f'{rank}.pt') for rank in range(2)
    )
    assert logged == other
    check(logged, norms, torch.cat([weights, more]), slice(0, 8))


def test_a_frozen_encoder_and_no_gradient_at_all():
    model = Small()
    model.encoders['a'].requires_grad_(False)
    logged, _ = record(model, model, slice(0, 8))
    assert logged['gradient_share/a'] == 0
    model.encoders.requires_grad_(False)
    logged, _ = record(model, model, slice(0, 8))
    kinds = ('fusion_share', 'fusion_weight')
    assert sorted(logged) == [
        *(f'{k}/{n}' for k in kinds for n in NAMES),
        'iter',
    ]


def test_in_a_run_with_accumulated_gradients(tmp_path: Path):
    extra = (
        "optim_wrapper['accumulative_counts'] = 3\n"
        "custom_hooks = [dict(type='ModalityContributionHook', interval=2)]\n"
    )
    config = write_fusion(tmp_path, 'run', extra)
    train(config, TrainOptions(work_dir=str(tmp_path / 'run'), test=False))
    curves = load_scalars(tmp_path / 'run').train
    for what in ('gradient_share', 'fusion_weight'):
        x, a = curves[f'{what}/a']
        # 24 iterations in 4 epochs: steps after 3, 6, ...
        assert (6 * x).round().tolist() == [3, 6, 9, 12, 15, 18, 21, 24]
        # Everybody has both here.
        assert a + curves[f'{what}/b'][1] == pytest.approx(1, rel=1e-5)


def test_a_model_without_fusion_is_refused(tmp_path: Path):
    hook = "custom_hooks = [dict(type='ModalityContributionHook')]\n"
    config = write_config(tmp_path, 'toy', hook)
    with pytest.raises(
        ValueError, match=r'needs a model with .* got ToyModel'
    ):
        train(config, TrainOptions(work_dir=str(tmp_path), test=False))
