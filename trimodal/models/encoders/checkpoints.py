"""Weights of other libraries' networks, from a file into a module."""

from torch import Tensor, nn

from trimodal.utils.checkpoint import load_file

StateDict = dict[str, Tensor]


def read_checkpoint(path: str) -> StateDict:
    """The state dict in a file, by itself or under ``state_dict``."""
    checkpoint = load_file(path, 'cpu')
    return dict(checkpoint.get('state_dict', checkpoint))


def load_features(features: nn.Module, checkpoint: StateDict) -> None:
    """Load what ``features`` has of a larger network's checkpoint.

    Args:
        features (nn.Module): Part of the network.
        checkpoint (dict[str, Tensor]): Of all of it, under the same names.

    Raises:
        ValueError: If something is missing or has another shape.
    """
    own = features.state_dict()
    wrong = [
        key
        for key, value in own.items()
        if not key.endswith('num_batches_tracked')
        and (key not in checkpoint or checkpoint[key].shape != value.shape)
    ]
    if wrong:
        raise ValueError(
            f'weights lack {len(wrong)} of {len(own)} tensors, or have them '
            f'in another shape, such as {wrong[:3]}'
        )
    features.load_state_dict(
        {key: checkpoint[key] for key in own if key in checkpoint},
        strict=False,
    )
