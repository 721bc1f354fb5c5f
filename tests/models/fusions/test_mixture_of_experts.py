"""Fusion by a sparse mixture of experts."""

import pytest
import torch
from torch import multiprocessing as mp

from tests.models.fusions.small import (
    given,
    make,
    means,
    norm,
    projected,
    real,
)
from tests.models.layers.test_mixture import dense
from trimodal.models import MixtureOfExpertsFusion


def test_experts_on_the_pooled_vectors():
    fusion, streams = make(MixtureOfExpertsFusion), given()
    fused = fusion(streams)
    experts = fusion.experts['pooled']
    for row in range(8):
        x = means(fusion, streams, row)
        parts = [
            fusion.mixes[name](x.get(name, fusion.absent[index]))
            for index, name in enumerate('abc')
        ]
        want = norm(sum(parts), fusion.norm)
        if x:  # experts are not asked about nothing
            want = want + dense(experts, want)
        torch.testing.assert_close(fused.pooled[row], want)
        sizes = torch.stack(
            [p.norm() * (n in x) for n, p in zip('abc', parts, strict=True)]
        )
        share = sizes / max(sizes.sum(), 1e-9)
        torch.testing.assert_close(fused.weights[row], share)
    assert not fused.weights.requires_grad


def test_experts_on_the_steps():
    fusion = make(MixtureOfExpertsFusion, levels=('tokens',), top_k=1)
    streams = given()
    fused = fusion(streams)
    experts = fusion.experts['tokens']
    for row in range(7):
        steps = torch.cat(
            [projected(fusion, n, real(s, row)) for n, s in streams.items()]
        )
        want = torch.stack([x + dense(experts, x) for x in steps])
        got = fused.tokens[row][fused.mask[row]]
        torch.testing.assert_close(got, want)


def test_losses_in_training_only():
    levels = ('tokens', 'pooled')
    fusion = make(
        MixtureOfExpertsFusion, levels=levels, balance_weight=0.5, noisy=False
    )
    streams = given()
    assert not fusion(streams).losses
    losses = fusion.train()(streams).losses
    assert set(losses) == {'loss_balance_tokens', 'loss_balance_pooled'}
    x = torch.cat(
        [
            projected(fusion, name, real(stream, row))
            for row in range(8)
            for name, stream in streams.items()
        ]
    )
    _, uneven = fusion.experts['tokens'](x[None], torch.ones(1, len(x)) > 0)
    torch.testing.assert_close(losses['loss_balance_tokens'], 0.5 * uneven)
    off = make(MixtureOfExpertsFusion, balance_weight=0.0).train()
    assert not off(streams).losses


def work(rank: int, folder: str) -> None:
    """Half of the batch in each of two processes."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/meet', rank=rank, world_size=2
    )
    gradients = balance_gradients(slice(0, 5) if rank == 0 else slice(5, 8))
    for gradient in gradients:
        torch.distributed.all_reduce(gradient)
    torch.save([g / 2 for g in gradients], f'{folder}/{rank}.pt')
    torch.distributed.destroy_process_group()


def balance_gradients(rows: slice) -> list[torch.Tensor]:
    torch.manual_seed(0)
    fusion = make(MixtureOfExpertsFusion, levels=('tokens',), noisy=False)
    experts = fusion.experts['tokens'].train()
    torch.manual_seed(1)
    x = torch.randn(8, 6, 8)
    mask = torch.arange(1, 9)[:, None] > torch.arange(6)
    _, uneven = experts(x[rows], mask[rows])
    return list(torch.autograd.grad(uneven, [experts.gate.weight]))


def test_loads_are_those_of_all_processes(tmp_path):
    mp.spawn(work, (str(tmp_path),), nprocs=2)
    (got,) = torch.load(tmp_path / '0.pt')
    (want,) = balance_gradients(slice(0, 8))
    torch.testing.assert_close(got, want)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'levels': ()}, 'levels .* none'),
        ({'levels': ('steps',)}, "levels .* 'steps'"),
        ({'balance_weight': -0.1}, 'balance_weight .* -0.1'),
        ({'top_k': 5}, 'top_k'),
        ({'pooling': 'sum'}, 'pooling'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        make(MixtureOfExpertsFusion, **changes)
