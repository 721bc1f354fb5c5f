"""Takes modalities away in training, so that a model learns to do without."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from trimodal.models.layers.checks import check_probability
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput


@MODELS.register_module()
class ModalityDropout(nn.Module):
    """Makes present modalities absent at random, each sample by itself.

    From `ModDrop: adaptive multi-modal gesture recognition
    <https://arxiv.org/abs/1501.00102>`_. A sample keeps at least one of the
    modalities it came with: where all were drawn, one of them comes back, each
    as likely as the others. Draws come from torch's global generator.

    Args:
        prob (float | dict[str, float]): Probability of dropping each
            modality, or one per modality (those not named are kept).

    Raises:
        ValueError: If a probability lies outside [0, 1].
    """

    def __init__(self, prob: float | Mapping[str, float]) -> None:
        super().__init__()
        values = dict(prob) if isinstance(prob, Mapping) else {'prob': prob}
        check_probability(**values)
        self.prob = dict(prob) if isinstance(prob, Mapping) else prob

    def forward(
        self, inputs: Mapping[str, ModalityInput]
    ) -> dict[str, ModalityInput]:
        """Drop modalities; does nothing in evaluation.

        Args:
            inputs (Mapping[str, ModalityInput]): A batch per modality.

        Returns:
            dict[str, ModalityInput]: The same keys.

        Raises:
            ValueError: If ``prob`` names a modality that is not in
                ``inputs``.
        """
        if not self.training:
            return dict(inputs)
        present = torch.stack([x.present for x in inputs.values()], dim=1)
        kept = self._draw(present, self._probabilities(inputs, present))
        return {
            name: x.keep(kept[:, index])
            for index, (name, x) in enumerate(inputs.items())
        }

    def _probabilities(
        self, inputs: Mapping[str, ModalityInput], like: Tensor
    ) -> Tensor:
        if not isinstance(self.prob, dict):
            return torch.full((len(inputs),), self.prob, device=like.device)
        unknown = set(self.prob) - set(inputs)
        if unknown:
            raise ValueError(
                f'prob names {sorted(unknown)}, but the modalities are '
                f'{sorted(inputs)}'
            )
        values = [self.prob.get(name, 0.0) for name in inputs]
        return torch.tensor(values, device=like.device)

    @staticmethod
    def _draw(present: Tensor, prob: Tensor) -> Tensor:
        draws = torch.rand(present.shape, device=present.device)
        kept = present & (draws >= prob)
        spare = torch.rand(present.shape, device=present.device)
        lucky = spare.masked_fill(~present, -1).argmax(1, keepdim=True)
        rescued = torch.zeros_like(kept).scatter(1, lucky, True) & present
        return torch.where(kept.any(1, keepdim=True), kept, rescued)
