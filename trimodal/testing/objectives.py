"""What every objective must hold to.

::

    CONTRACTS = [ObjectiveContract({'type': 'MyObjective', ...}, 'mine')]

    @pytest.mark.parametrize('check', OBJECTIVE_CHECKS)
    @pytest.mark.parametrize('contract', CONTRACTS)
    def test_contract(contract, check):
        check(contract)

``run_distributed(CONTRACTS)`` tries them in two processes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from trimodal.models.objectives.base import BaseObjective
from trimodal.structures import Fused, Tokens, TriModalDataSample
from trimodal.testing.contracts import (
    Contract,
    check_all_absent,
    check_autocast,
    check_gradients,
    check_input_unchanged,
)
from trimodal.testing.samples import stream_samples

WIDTHS = {'a': 6, 'b': 4, 'c': 5}
CLASSES = 3


def small_streams() -> list:
    """Samples for objectives that take streams of any width."""
    return stream_samples(WIDTHS)


def label_samples(size: int) -> list[TriModalDataSample]:
    """Annotations for a batch: a class each, and the last has none.

    Args:
        size (int): How many.

    Returns:
        list[TriModalDataSample]: With ``gt_label`` below 3.
    """
    samples = [TriModalDataSample() for _ in range(size)]
    for row, sample in enumerate(samples[:-1]):
        sample.set_gt_label(row % CLASSES)
    return samples


@dataclass(frozen=True)
class ObjectiveContract(Contract):
    """An objective, and what it is tried with: the part is a small model.

    Args:
        cfg (Mapping): Config of the objective, as small as it goes, without
            dropout.
        id (str): Name of the case. Defaults to none.
        samples (Callable): Gives samples, each a batch of one. Defaults to
            every subset of three modalities of the widths ``WIDTHS``.
        annotate (Callable): Gives as many data samples as asked for. Defaults
            to ``label_samples``.
        tasks (Sequence[str]): Heads of the small model, each with a loss.
            Defaults to ().
        collective (bool): Whether it computes something over all processes.
            Defaults to True: means over the samples of all do.
    """

    samples: Callable[[], list] = small_streams
    id: str = ''
    collective: bool = True
    annotate: Callable[[int], list[TriModalDataSample]] = label_samples
    tasks: Sequence[str] = ()

    def build(self) -> nn.Module:
        """The objective behind an encoder per modality, and a fusion."""
        objective = super().build()
        assert isinstance(objective, BaseObjective)
        return AskedObjective(
            objective, self.given()[0], self.annotate, self.tasks
        )


class AskedObjective(nn.Module):
    """The smallest model that asks an objective.

    Args:
        objective (BaseObjective): The objective.
        sample (Mapping[str, Tokens]): Which streams there are.
        annotate (Callable): Gives as many data samples as asked for.
        tasks (Sequence[str]): Heads that it has. Defaults to ().
    """

    def __init__(
        self,
        objective: BaseObjective,
        sample: Mapping[str, Tokens],
        annotate: Callable[[int], list[TriModalDataSample]],
        tasks: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.objectives = nn.ModuleDict({'objective': objective})
        self.annotate = annotate
        self.encoders = nn.ModuleDict(
            {
                name: nn.Linear(stream.x.shape[2], stream.x.shape[2])
                for name, stream in sample.items()
            }
        )
        width = sum(stream.x.shape[2] for stream in sample.values())
        self.fusion = nn.Linear(width, width) if tasks else nn.Identity()
        self.heads = nn.ModuleDict(
            {task: nn.Linear(width, 1) for task in tasks}
        )
        self.objective.attach(self)

    @property
    def objective(self) -> BaseObjective:
        """The objective."""
        return cast(BaseObjective, self.objectives['objective'])

    def forward(self, streams: Mapping[str, Tokens]) -> Fused:
        """Encode, put the streams side by side, and ask the objective."""
        streams = {
            name: stream.with_x(self.encoders[name](stream.x))
            for name, stream in streams.items()
        }
        pooled = torch.cat([s.x.sum(1) for s in streams.values()], dim=1)
        present = torch.stack([s.present for s in streams.values()], dim=1)
        shares = present / present.sum(1, keepdim=True).clamp(min=1)
        mask = present.any(1, keepdim=True)
        pooled = self.fusion(pooled) * mask
        tokens = pooled.unsqueeze(1)
        fused = Fused(tokens, mask, pooled, shares)
        samples = self.annotate(len(pooled))
        losses = self.objective.loss(streams, fused, samples)
        count = mask.sum().clamp(min=1)
        for task, head in self.heads.items():
            errors = (head(pooled).float() - 1).square() * mask
            losses[f'{task}.loss'] = errors.sum() / count
        losses = self.objective.weigh(losses)
        return Fused(tokens, mask, pooled, shares, losses)


def check_names(contract: Contract) -> None:
    """Scalars only, and something to optimise among them."""
    losses = _losses(contract, contract.batch())
    assert any('loss' in name for name in losses), 'no loss'
    for name, value in losses.items():
        assert value.dim() == 0, f'{name} must be a scalar'
        assert 'loss' in name or not value.requires_grad, (
            f'{name} has a gradient: what is not called loss is not optimised'
        )


def check_every_subset(contract: Contract) -> None:
    """Finite for one sample with any subset of the modalities, or none."""
    samples = contract.given()
    for batch in [*([s] for s in samples), samples[:2], samples]:
        losses = _losses(contract, contract.stack(batch))
        assert all(value.isfinite().all() for value in losses.values())


def check_padding_of_losses(contract: Contract) -> None:
    """Padding changes nothing."""
    short = _losses(contract, contract.batch(spare=0))
    long = _losses(contract, contract.batch(spare=5))
    for name, value in short.items():
        torch.testing.assert_close(
            value, long[name], atol=contract.atol, rtol=contract.atol
        )


def _losses(contract: Contract, batch: Any) -> dict[str, Tensor]:
    torch.manual_seed(5)
    return dict(contract.build().train()(batch).losses)


OBJECTIVE_CHECKS = (
    check_names,
    check_every_subset,
    check_padding_of_losses,
    check_gradients,
    check_all_absent,
    check_autocast,
    check_input_unchanged,
)


def check_objective(contract: ObjectiveContract) -> None:
    """Hold an objective to all of it, in one process.

    Args:
        contract (ObjectiveContract): The objective and its samples.

    Raises:
        AssertionError: If it breaks one of the promises.
    """
    for check in OBJECTIVE_CHECKS:
        check(contract)
