"""What every head must hold to.

::

    CONTRACTS = [
        HeadContract({'type': 'MyHead', 'in_channels': 12}, id='mine')
    ]

    @pytest.mark.parametrize('check', HEAD_CHECKS)
    @pytest.mark.parametrize('contract', CONTRACTS)
    def test_contract(contract, check):
        check(contract)

``run_distributed(CONTRACTS)`` tries them in two processes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor

from trimodal.models.heads.base import BaseHead
from trimodal.structures import Tokens, TriModalDataSample
from trimodal.testing.contracts import (
    Contract,
    check_all_absent,
    check_gradients,
)
from trimodal.testing.grids import stack_grids
from trimodal.testing.head_batches import (
    AskedHead,
    HeadBatch,
    bare,
    describe,
    head_streams,
)
from trimodal.testing.objectives import label_samples
from trimodal.testing.outputs import (
    Whole,
    assert_finite_gradients,
    backward,
    tensors_of,
)
from trimodal.testing.samples import absent_like, stack_streams

# Rows of the first of two processes; the second has the rest.
FIRST = 5


@dataclass(frozen=True)
class HeadContract(Contract):
    """A head, and what it is tried with.

    What is fused has 12 channels, so ``in_channels`` is 12. It comes from
    the streams ``a``, ``b`` and ``c`` of 8 channels, in every subset; ``c``
    has grids (a step for the whole picture, then two grids), and its pictures
    are at least 16 x 16 pixels, as ``img_shape`` says.

    Args:
        cfg (Mapping): Config of the head, as small as it goes, without
            dropout.
        samples (Callable): Gives samples, each a batch of one. Defaults to
            every subset of the three streams.
        id (str): Name of the case. Defaults to none.
        collective (bool): Whether it computes something over all processes.
            Defaults to True: means over the samples of all do.
        annotate (Callable): Gives as many data samples as asked for, of which
            the last has no annotation. Defaults to ``label_samples``, with
            ``gt_label`` below 3.
        divisible (bool): Whether two processes with a part of the batch each
            give the gradients of one with all of it: for all but those that
            draw random numbers. Defaults to True.
        close (float): How far bfloat16 may change a loss, relatively.
            Defaults to 0.05.
    """

    samples: Callable[[], list] = head_streams
    id: str = ''
    collective: bool = True
    annotate: Callable[[int], list[TriModalDataSample]] = label_samples
    divisible: bool = True
    close: float = 0.05

    def build(self) -> AskedHead:
        """The head in the smallest model there is."""
        head = super().build()
        assert isinstance(head, BaseHead)
        with torch.no_grad():
            # What starts at zero would let no gradient through.
            for parameter in head.parameters():
                parameter.add_(0.02 * torch.randn_like(parameter))
        return AskedHead(head)

    def stack(
        self, samples: list, spare: int = 0, first: int = 0, spared: int = 0
    ) -> HeadBatch:
        """A batch of samples, padded by ``spare`` more steps.

        Args:
            samples (list): Batches of one.
            spare (int): Padding beyond the longest. Defaults to 0.
            first (int): Number of the first of them. Defaults to 0.
            spared (int): How many at the end have no annotation. Defaults to
                0.

        Returns:
            HeadBatch: Streams and annotations.
        """
        streams = stack_streams(samples, spare)
        for name, stream in samples[0].items():
            if stream.grids:
                rows = [sample[name] for sample in samples]
                streams[name] = stack_grids(rows, spare)
        total = first + len(samples)
        annotated = self.annotate(total + 1 - spared)[first:total]
        described = [
            describe(sample, annotation, row)
            for row, (sample, annotation) in enumerate(
                zip(samples, annotated, strict=True), first
            )
        ]
        return HeadBatch(streams, described)

    def rows(self) -> list[dict[str, Tokens]]:
        """The samples of the batch; the first has nothing in it."""
        samples = self.given()
        return [absent_like(samples[0]), *samples]

    def batch(self, spare: int = 2) -> HeadBatch:
        """All samples, padded; the last has no annotation."""
        return self.stack(self.rows(), spare, spared=1)

    def share(self, rank: int) -> HeadBatch:
        """A part of the batch, of a size of its own in each process."""
        rows = self.rows()
        if rank == 0:
            return self.stack(rows[:FIRST])
        return self.stack(rows[FIRST:], first=FIRST, spared=1)

    def losses(
        self, batch: HeadBatch, model: AskedHead | None = None
    ) -> dict[str, Tensor]:
        """The losses in training, random numbers the same each time."""
        model = model or self.build().train()
        torch.manual_seed(5)
        return dict(model(batch).losses)


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


def check_autocast_of_heads(contract: HeadContract) -> None:
    """Reduced precision gives about the same, and finite gradients."""
    module, batch = Whole(contract.build().eval()), contract.batch()
    torch.manual_seed(5)
    exact = module(batch).losses
    with torch.autocast('cpu', dtype=torch.bfloat16):
        torch.manual_seed(5)
        rough = module(batch)
        module.part.predict(batch)
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
        for name, value in _predicted(got).items():
            assert not getattr(value, 'requires_grad', False), name


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
            torch.testing.assert_close(
                value,
                second[name],
                atol=atol,
                rtol=atol,
                msg=lambda text, name=name: f'{name}: {text}',
            )
        else:
            assert value == second[name], name


HEAD_CHECKS = (
    check_loss_names,
    check_every_subset,
    check_padding_of_heads,
    check_gradients,
    check_all_absent,
    check_without_annotation,
    check_autocast_of_heads,
    check_given_unchanged,
    check_predictions,
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
