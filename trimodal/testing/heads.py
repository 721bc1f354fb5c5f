"""A head, and what it is tried with.

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

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from trimodal.models.heads.base import BaseHead
from trimodal.structures import Tokens, TriModalDataSample
from trimodal.testing.contracts import Contract
from trimodal.testing.grids import stack_grids
from trimodal.testing.head_batches import (
    AskedHead,
    HeadBatch,
    bare,
    describe,
    head_streams,
)
from trimodal.testing.objectives import label_samples
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

    def meagre(self, rank: int) -> HeadBatch:
        """The second process has nothing to learn from."""
        return bare(self.share(rank)) if rank else self.share(rank)

    def losses(
        self, batch: HeadBatch, model: AskedHead | None = None
    ) -> dict[str, Tensor]:
        """The losses in training, random numbers the same each time."""
        model = model or self.build().train()
        torch.manual_seed(5)
        return dict(model(batch).losses)
