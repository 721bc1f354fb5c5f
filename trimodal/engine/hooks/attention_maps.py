"""Attention weights, computed only while somebody asks for them.

Shape letters: B batch, H heads, T queries, S keys, C channels of a head.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from trimodal.models.layers import MultiheadAttention
from trimodal.utils.config import ConfigError


@contextmanager
def recorded_attention(
    model: nn.Module, prefix: str = ''
) -> Iterator[dict[str, Tensor]]:
    """Inside, every attention of the model leaves its weights.

    The kernels that attention runs on never make the weights, so they are
    computed once more beside it; outside, nothing is.

    Args:
        model (nn.Module): The model.
        prefix (str): Only modules whose names begin with it. Defaults to '',
            all.

    Yields:
        dict[str, Tensor]: The weights of each module's last call, by the
        module's name: float32 ``[B, T, S]``, the mean over heads, on the CPU.

    Raises:
        ValueError: If there is no such module.
    """
    modules = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, MultiheadAttention)
    }
    chosen = {k: m for k, m in modules.items() if k.startswith(prefix)}
    if not chosen:
        raise ConfigError(
            f'attention must be the beginning of the name of one of '
            f'{sorted(modules) or "none"}, got {prefix!r}'
        )
    found: dict[str, Tensor] = {}
    for name, module in chosen.items():
        module._attend = partial(  # type: ignore[method-assign]
            _attend_and_tell, found, name, module._attend
        )
    try:
        yield found
    finally:
        for module in chosen.values():
            del module._attend  # the method of the class is back


def _attend_and_tell(
    found: dict[str, Tensor],
    name: str,
    attend: Any,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    opened: Tensor | None,
    anything: Tensor | None,
    causal: bool = False,
) -> Tensor:
    weights = attention_weights(q, k, opened, causal)
    if anything is not None:
        weights = weights * anything
    found[name] = weights.cpu()
    return attend(q, k, v, opened, anything, causal)


@torch.no_grad()
def attention_weights(
    q: Tensor, k: Tensor, mask: Tensor | None = None, causal: bool = False
) -> Tensor:
    """The weights that scaled dot-product attention gives the values.

    Args:
        q (Tensor): float ``[B, H, T, C]``.
        k (Tensor): float ``[B, H, S, C]``.
        mask (Tensor | None): bool, broadcast to ``[B, H, T, S]``: True where
            a query may look. Defaults to None: anywhere.
        causal (bool): Whether a query may look at no later key. Defaults to
            False.

    Returns:
        Tensor: float32 ``[B, T, S]``, the mean over heads.
    """
    scores = q.float() @ k.float().transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    if causal:
        past = torch.ones_like(scores[0, 0], dtype=torch.bool).tril()
        scores = scores.masked_fill(~past, -torch.inf)
    return scores.softmax(-1).mean(1)
