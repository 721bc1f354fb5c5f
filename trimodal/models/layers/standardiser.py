"""Numbers of any unit to about the size that networks give, and back."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from trimodal.models.layers.checks import check_positive

AUTO = 'auto'
Numbers = float | Sequence[float]


class Standardiser(nn.Module):
    """Takes the mean off, divides by the standard deviation; both are kept.

    Args:
        size (int): How many numbers belong together.
        mean (float | Sequence[float] | str): For all of them or each;
            ``'auto'``: :meth:`measure` tells.
        std (float | Sequence[float] | str): The same.

    Raises:
        ValueError: If ``mean`` or ``std`` is neither ``'auto'``, one number
            nor ``size`` of them, or ``std`` is not positive.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, size: int, mean: Numbers | str, std: Numbers | str
    ) -> None:
        super().__init__()
        self.size = size
        self.open = [n for n, v in (('mean', mean), ('std', std)) if v == AUTO]
        if std != AUTO:
            check_positive(std=per_output('std', std, size).min().item())
        for name, value in (('mean', mean), ('std', std)):
            # NaN, unlike 0 and 1, can't be mistaken for what was measured.
            number = float('nan') if value == AUTO else value
            self.register_buffer(name, per_output(name, number, size))
        self._known = not self.open

    @property
    def known(self) -> bool:
        """Whether mean and deviation were given, measured or loaded."""
        if not self._known:
            # Asked once only: on a GPU the answer has to be waited for.
            both = torch.stack([self.mean, self.std])
            self._known = bool(both.isfinite().all())
        return self._known

    def measure(self, values: Tensor) -> None:
        """Set what is ``'auto'``, from targets.

        Args:
            values (Tensor): ``[N, size]``, NaN where there is none.

        Raises:
            ValueError: If they are of another size, or one has no value.
        """
        if values.dim() != 2 or values.shape[1] != self.size:
            raise ValueError(
                f'targets must be [N, {self.size}] for {self.size} outputs, '
                f'got {list(values.shape)}'
            )
        values = values.double()
        there = ~values.isnan()
        count = there.sum(0)
        if not count.all():
            empty = torch.nonzero(count == 0).flatten().tolist()
            raise ValueError(f'no target for output {empty}: nothing to learn')
        mean = values.nanmean(0)
        std = ((values - mean) ** 2).nanmean(0).sqrt()
        # All the same: nothing to scale by, and nothing but the mean to say.
        std = std.masked_fill(std == 0, 1)
        for name, value in (('mean', mean), ('std', std)):
            if name in self.open:
                getattr(self, name).copy_(value)

    def forward(self, values: Tensor) -> Tensor:
        """Standardise float ``[N, size]``."""
        self._check_known()
        return (values - self.mean) / self.std

    def restore(self, values: Tensor) -> Tensor:
        """Give float ``[N, size]`` its unit back."""
        self._check_known()
        return values * self.std + self.mean

    def _check_known(self) -> None:
        if not self.known:
            raise ValueError(
                f'{" and ".join(self.open)} of the targets were not measured: '
                "add dict(type='TargetStatisticsHook') to custom_hooks, load "
                'a checkpoint, or give numbers'
            )


def per_output(name: str, value: Numbers | str, size: int) -> Tensor:
    """One number, or one an output, as float32 ``[size]``.

    Raises:
        ValueError: Naming the argument, if it is neither.
    """
    refused = ValueError(
        f'{name} must be a number or {size} of them, got {value!r}'
    )
    try:
        numbers = torch.as_tensor(value, dtype=torch.float32)
    except (TypeError, ValueError):
        raise refused from None
    if numbers.dim() > 1 or numbers.numel() not in (1, size):
        raise refused
    return numbers.reshape(-1).expand(size).clone()
