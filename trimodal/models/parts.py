"""The parts of a model: built from their configs, and found to fit."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from mmengine.model import ModuleDict
from torch import nn

from trimodal.registry import MODELS
from trimodal.utils import build

Config = Mapping[str, Any]


def build_parts(
    kind: str, items: Mapping[str, Config | nn.Module]
) -> ModuleDict:
    """Build parts of one kind.

    Args:
        kind (str): What they are called, for messages.
        items (Mapping[str, Mapping | nn.Module]): Parts or their configs, by
            name.

    Returns:
        ModuleDict: The same names.

    Raises:
        ValueError: If a name has ``loss`` in it.
    """
    # mmengine optimises whatever carries this word in its whole name.
    misnamed = [name for name in items if 'loss' in name]
    if misnamed:
        raise ValueError(f"{kind} must have no 'loss' in it, got {misnamed}")
    # mmengine's: torch's would hide the parts' init_cfg from init_weights.
    return ModuleDict({k: build(item, MODELS) for k, item in items.items()})


def check_any(**kinds: Collection) -> None:
    """Raise unless there is something of each kind.

    Raises:
        ValueError: Naming the first kind that there is nothing of.
    """
    for kind, items in kinds.items():
        if not items:
            raise ValueError(f'{kind} must name at least one, got none')


def check_names(
    aligners: int, heads: Iterable[str], objectives: Iterable[str]
) -> None:
    """Losses go by their part's name: of two, one would be lost.

    Args:
        aligners (int): How many aligners there are.
        heads (Iterable[str]): Names of the heads.
        objectives (Iterable[str]): Names of the objectives.

    Raises:
        ValueError: If two parts have one name.
    """
    taken = ['fusion', *(f'align{index}' for index in range(aligners))]
    names = [*taken, *heads, *objectives]
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise ValueError(
            'heads and objectives must have names of their own, other than '
            f'{taken}, got {doubles} twice'
        )


def check_fit(
    encoders: Mapping[str, Any],
    aligners: Iterable[Any],
    fusion: Any,
    heads: Mapping[str, Any],
) -> None:
    """Find a misfit when a model is built, not when it first runs.

    Args:
        encoders (Mapping[str, BaseEncoder]): The encoder of each modality.
        aligners (Iterable[BaseAligner]): One after the other.
        fusion (BaseFusion): The fusion.
        heads (Mapping[str, BaseHead]): The head of each task.

    Raises:
        ValueError: If one gives another number of channels than the next
            takes.
    """
    widths = {name: e.out_channels for name, e in encoders.items()}
    for aligner in aligners:
        if hasattr(aligner, 'out_channels'):
            widths = dict.fromkeys(widths, aligner.out_channels)
    wanted = fusion.in_channels
    if wanted != widths:
        raise ValueError(
            f'fusion must take {widths}, which is what the encoders and '
            f'aligners give, got in_channels={wanted}'
        )
    for task, head in heads.items():
        if head.in_channels != fusion.out_channels:
            raise ValueError(
                f'head {task!r} must take {fusion.out_channels} '
                f'channels, got in_channels={head.in_channels}'
            )
