"""Vocal tract length perturbation of a padded batch of spectrograms."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from trimodal.models.layers.checks import check_probability
from trimodal.registry import MODELS


@MODELS.register_module()
class VTLP(nn.Module):
    """Warps the frequencies of each sample, as another speaker's would be.

    From `Vocal Tract Length Perturbation (VTLP) improves speech recognition
    <https://www.cs.toronto.edu/~hinton/absps/perturb.pdf>`_: a factor alpha
    is drawn for each sample, and what was at the frequency f goes to alpha f,
    up to a limit; from there on linearly, so that the highest frequency stays
    in its place. Here the finished log-mel bins are warped, each between its
    two neighbours, not the filters. Draws come from torch's global generator.

    Args:
        factor (Sequence[float]): Smallest and largest alpha. Defaults to
            (0.9, 1.1).
        limit (float): Where the linear part begins, as a share of the highest
            frequency. Defaults to 0.6, the 4.8 kHz of 8 in the paper.
        prob (float): How likely a sample is warped. Defaults to 1.0.

    Raises:
        ValueError: If ``factor`` is no range inside [0.5, 2], ``limit``
            outside (0, 1), or ``prob`` outside [0, 1].
    """

    def __init__(
        self,
        factor: Sequence[float] = (0.9, 1.1),
        limit: float = 0.6,
        prob: float = 1.0,
    ) -> None:
        super().__init__()
        check_probability(prob=prob)
        if len(factor) != 2 or not 0.5 <= factor[0] <= factor[1] <= 2:
            raise ValueError(
                f'factor must be two numbers (min, max) with 0.5 <= min <= '
                f'max <= 2, got {factor!r}'
            )
        if not 0 < limit < 1:
            raise ValueError(f'limit must lie in (0, 1), got {limit}')
        self.factor = (float(factor[0]), float(factor[1]))
        self.limit = float(limit)
        self.prob = float(prob)

    def forward(self, x: Tensor, hertz: Tensor) -> Tensor:
        """Warp a batch of spectrograms.

        Args:
            x (Tensor): float ``[B, T, F]``.
            hertz (Tensor): float ``[F]``, the frequency of each bin, rising.

        Returns:
            Tensor: float ``[B, T, F]``.
        """
        draws = torch.rand(2, len(x), 1, device=x.device)
        low, high = self.factor
        alpha = torch.where(
            draws[1] < self.prob, low + (high - low) * draws[0], 1.0
        )
        hertz = hertz.to(x)
        source = self.source(alpha, hertz)
        above = torch.searchsorted(hertz, source).clamp(1, len(hertz) - 1)
        left, right = hertz[above - 1], hertz[above]
        share = ((source - left) / (right - left)).clamp(0, 1).unsqueeze(1)
        shape = (-1, x.shape[1], -1)
        below = x.gather(2, (above - 1).unsqueeze(1).expand(shape))
        return below.lerp(x.gather(2, above.unsqueeze(1).expand(shape)), share)

    def source(self, alpha: Tensor, hertz: Tensor) -> Tensor:
        """Where what is heard at ``hertz`` after warping was before.

        Args:
            alpha (Tensor): float ``[B, 1]``.
            hertz (Tensor): float ``[F]``; the last is the highest.

        Returns:
            Tensor: float ``[B, F]``, in Hz.
        """
        top = hertz[-1]
        # The paper's knee, on the side after warping.
        knee = self.limit * top * alpha.clamp(max=1)
        slope = (top - knee / alpha) / (top - knee)
        return torch.where(
            hertz <= knee, hertz / alpha, top - (top - hertz) * slope
        )
