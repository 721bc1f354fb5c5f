"""The losses of the detection head, put together.

Shape letters: see :mod:`trimodal.models.heads.detr_network`.
"""

from torch import Tensor, nn

from trimodal.models.heads.detr_network import Answers, DETRNetwork
from trimodal.models.layers.box_denoising import NoisyQueries
from trimodal.models.layers.box_targets import BoxTargets
from trimodal.models.losses.counting import shared_count


def detection_losses(
    answers: Answers,
    targets: BoxTargets,
    network: DETRNetwork,
    loss: nn.Module,
) -> dict[str, Tensor]:
    """Every loss of a batch.

    Args:
        answers (Answers): What the network gives.
        targets (BoxTargets): The true boxes.
        network (DETRNetwork): The network, for the loss of its dense branch.
        loss (nn.Module): The loss of a set of boxes, called as
            :class:`~trimodal.models.SetLoss` is.

    Returns:
        dict[str, Tensor]: Scalars; see :meth:`DETRHead.loss`.
    """
    number = float(sum(targets.counts))
    count = shared_count(answers.boxes.new_tensor(number))
    losses = _matched(answers, targets, count, loss)
    if answers.noisy is not None:
        # Without a true box, too: other processes may have some, and wait.
        terms = _denoised(answers, targets, answers.noisy, count, loss)
        losses |= {f'denoising_{name}': term for name, term in terms.items()}
    if answers.dense is not None:
        terms = network.dense.loss_module(
            answers.dense.logits, answers.dense.boxes, answers.where, targets
        )
        losses |= {f'dense_{name}': term for name, term in terms.items()}
    return losses


def _matched(
    answers: Answers, targets: BoxTargets, count: Tensor, loss: nn.Module
) -> dict[str, Tensor]:
    """Of the last layer, and the sums over the others."""
    noisy = answers.logits.shape[2] - answers.queries.shape[1]
    terms = loss(
        answers.logits[:, :, noisy:],
        answers.boxes[:, :, noisy:],
        targets,
        answers.queries,
        count,
    )
    losses = {name: term[-1] for name, term in terms.items()}
    if len(answers.logits) > 1:
        losses |= {f'aux_{n}': term[:-1].sum() for n, term in terms.items()}
    return losses


def _denoised(
    answers: Answers,
    targets: BoxTargets,
    noisy: NoisyQueries,
    count: Tensor,
    loss: nn.Module,
) -> dict[str, Tensor]:
    """Of all layers; each true box has a query in every group."""
    number = len(noisy.groups)
    terms = loss(
        answers.logits[:, :, :number],
        answers.boxes[:, :, :number],
        targets,
        noisy.queries.mask,
        count * noisy.num_groups,
        noisy.matches(len(answers.logits)),
    )
    return {name: term.sum() for name, term in terms.items()}
