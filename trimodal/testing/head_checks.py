"""What every head must hold to, see :mod:`trimodal.testing.heads`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor

from trimodal.structures import TriModalDataSample
from trimodal.testing.contracts import check_all_absent, check_gradients
from trimodal.testing.head_batches import HeadBatch, bare
from trimodal.testing.heads import HeadContract
from trimodal.testing.outputs import (
    Whole,
    assert_finite_gradients,
    backward,
)
from trimodal.utils.tensors import tensors_of


def check_loss_names(contract: HeadContract) -> None:
    """Scalars only, finite, and something to optimise among them."""
    losses = contract.losses(contract.batch())
    assert any('loss' in name for name in losses), 'no loss'
    for name, value in losses.items():
        assert value.dim() == 0, f'{name} must be a scalar'
        assert value.isfinite(), f'{name} is {value}'
        assert 'loss' in name or not value.requires_grad, (
            f'{name} has a gradient: what is not called loss is not optimised'
        )


def check_every_subset(contract: HeadContract) -> None:
    """Finite for one sample with any subset of the modalities, or none."""
    model = contract.build()
    for row, sample in enumerate(contract.rows()):
        batch = contract.stack([sample], first=row)
        for name, value in contract.losses(batch, model.train()).items():
            assert value.isfinite(), f'{name} is {value} for sample {row}'
        for field, value in _predicted(model.eval().predict(batch)[0]).items():
            if isinstance(value, Tensor) and value.is_floating_point():
                assert value.isfinite().all(), f'{field} for sample {row}'


def check_padding_of_heads(contract: HeadContract) -> None:
    """Padding changes neither losses nor predictions."""
    short, long = contract.batch(spare=0), contract.batch(spare=5)
    _assert_same(contract.losses(short), contract.losses(long), contract.atol)
    model = contract.build().eval()
    together = model.predict(long)
    for row, sample in enumerate(contract.rows()):
        (alone,) = model.predict(contract.stack([sample], first=row))
        _assert_same(
            _predicted(alone), _predicted(together[row]), contract.atol
        )


def check_without_annotation(contract: HeadContract) -> None:
    """Nothing to learn from: losses are zero, and all is in the graph."""
    module = Whole(contract.build().train())
    output = module(bare(contract.batch()))
    for name, value in output.losses.items():
        if 'loss' in name:
            assert not value.any(), f'{name} is {value} without annotations'
    backward(output)
    assert_finite_gradients(module)


def check_whole_fusion(contract: HeadContract) -> None:
    """The pooled vector is in the graph, also if only tokens are read.

    A fusion may have parameters for it alone.
    """
    model, batch = contract.build().train(), contract.batch()
    fused = model.fuse(batch.streams)
    pooled = fused.pooled.detach().requires_grad_()
    fused = replace(fused, pooled=pooled)
    losses = model.head.loss(fused, batch.data_samples)
    terms = [value for name, value in losses.items() if 'loss' in name]
    torch.stack(terms).sum().backward()
    assert pooled.grad is not None, (
        'fused.pooled is left out of the graph: see '
        'trimodal.models.layers.connect_tensors'
    )


def check_autocast_of_heads(contract: HeadContract) -> None:
    """Reduced precision gives about the same, and finite gradients."""
    model, batch = contract.build().eval(), contract.batch()
    module = Whole(model)
    torch.manual_seed(5)
    exact = module(batch).losses
    with torch.autocast('cpu', dtype=torch.bfloat16):
        torch.manual_seed(5)
        rough = module(batch)
        model.predict(batch)
    for name, value in exact.items():
        if 'loss' in name:
            error = (rough.losses[name] - value).abs() / value.abs()
            assert error < contract.close, f'{name}: error {error:.3f}'
    backward(rough)
    assert_finite_gradients(module)


def check_given_unchanged(contract: HeadContract) -> None:
    """Neither streams nor data samples are written to."""
    batch, model = contract.batch(), contract.build()
    streams = [part.clone() for part in tensors_of(batch.streams)]
    samples = [sample.clone() for sample in batch.data_samples]
    contract.losses(batch, model.train())
    model.eval().predict(batch)
    for a, b in zip(streams, tensors_of(batch.streams), strict=True):
        assert torch.equal(a, b), 'a stream is written to'
    for before, after in zip(samples, batch.data_samples, strict=True):
        _assert_same(_flat(before), _flat(after), 0)


def check_predictions(contract: HeadContract) -> None:
    """Copies with predictions for all, whether annotated or not."""
    model, batch = contract.build().eval(), contract.batch()
    full, empty = model.predict(batch), model.predict(bare(batch))
    fields = set(_predicted(full[0]))
    assert fields, 'no prediction'
    for given, got, other in zip(batch.data_samples, full, empty, strict=True):
        assert got is not given, 'predictions belong in a copy'
        assert set(_predicted(got)) == set(_predicted(other)) == fields
        _assert_same(_predicted(got), _predicted(other), contract.atol)
        kept = _flat(got)
        _assert_same(_flat(given), {n: kept[n] for n in _flat(given)}, 0)


def check_no_samples(contract: HeadContract) -> None:
    """Of no samples there are no predictions."""
    batch = contract.batch()
    streams = {
        name: replace(s, x=s.x[:0], mask=s.mask[:0], present=s.present[:0])
        for name, s in batch.streams.items()
    }
    found = contract.build().eval().predict(HeadBatch(streams, []))
    assert found == [], f'{found} of no samples'


def _flat(element: BaseDataElement, prefix: str = '') -> dict[str, Any]:
    """Every field, those of boxes as ``gt_instances.bboxes``, and so on."""
    fields: dict[str, Any] = {}
    for name, value in element.all_items():
        if isinstance(value, BaseDataElement):
            fields |= _flat(value, f'{prefix}{name}.')
        else:
            fields[f'{prefix}{name}'] = value
    return fields


def _predicted(sample: TriModalDataSample) -> dict[str, Any]:
    return {n: v for n, v in _flat(sample).items() if n.startswith('pred_')}


def _assert_same(
    first: Mapping[str, Any], second: Mapping[str, Any], atol: float
) -> None:
    assert set(first) == set(second)
    for name, value in first.items():
        if isinstance(value, Tensor):
            other = second[name]
            assert value.shape == other.shape, name
            same = torch.allclose(value, other, atol, atol, equal_nan=True)
            assert same, f'{name}: {value} is not close to {other}'
        else:
            assert value == second[name], name


HEAD_CHECKS = (
    check_loss_names,
    check_every_subset,
    check_padding_of_heads,
    check_gradients,
    check_all_absent,
    check_without_annotation,
    check_whole_fusion,
    check_autocast_of_heads,
    check_given_unchanged,
    check_predictions,
    check_no_samples,
)


def check_head(contract: HeadContract) -> None:
    """Hold a head to all of it, in one process.

    Args:
        contract (HeadContract): The head and its annotations.

    Raises:
        AssertionError: If it breaks one of the promises.
    """
    for check in HEAD_CHECKS:
        check(contract)
