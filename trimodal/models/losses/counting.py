"""What sums are divided by when several processes learn together."""

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor


@torch.no_grad()
def shared_count(count: Tensor) -> Tensor:
    """The mean of a count over all processes.

    Gradients are averaged over processes, so a sum of one divided by this is
    its part of the mean over all of them. Where there is less than one in
    all, it counts as one.

    Args:
        count (Tensor): float, this process's; stays as it is.

    Returns:
        Tensor: float, the shape of ``count``, larger than 0.
    """
    total = count.clone()
    all_reduce(total)
    return total.clamp(min=1) / get_world_size()
