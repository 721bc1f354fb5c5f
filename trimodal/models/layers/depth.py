"""Which layer of a network a parameter belongs to."""

from collections.abc import Iterator

from torch import nn


def layer_depths(module: nn.Module) -> tuple[dict[str, int], int]:
    """Number the layers of a network in the order they are registered in.

    Layers are the elements of its stacks: lists of modules that have modules
    of their own, such as the blocks of a transformer or of the stages of a
    residual network, each one layer whatever it has inside. What comes before
    the first is 0, what comes between two stacks belongs to the layer before
    it, and what comes after the last one is one more than that.

    Args:
        module (nn.Module): The network.

    Returns:
        tuple[dict[str, int], int]: Depths by parameter, and how many there
        are.

    Examples:
        >>> from trimodal.models.layers import TransformerEncoder
        >>> encoder = nn.ModuleDict()
        >>> encoder['embedding'] = nn.Linear(4, 8)
        >>> encoder['transformer'] = TransformerEncoder(2, 8, 2, 16)
        >>> depths, count = layer_depths(encoder)
        >>> depths['embedding.weight'], count
        (0, 4)
        >>> depths['transformer.layers.1.norm1.weight']
        2
        >>> depths['transformer.norm.weight']
        3
    """
    depths: dict[str, int] = {}
    layers = behind = 0
    for names, is_layer in _parts(module, ''):
        layers += is_layer
        depths.update(dict.fromkeys(names, layers))
        if is_layer:
            behind = len(depths)
    for name in list(depths)[behind:]:
        depths[name] = layers + 1
    return depths, layers + 2


def _parts(module: nn.Module, prefix: str) -> Iterator[tuple[list[str], bool]]:
    """Names of parameters together in a layer, or in none (False)."""
    yield [prefix + n for n, _ in module.named_parameters('', False)], False
    stack = _is_stack(module)
    for name, child in module.named_children():
        inner = f'{prefix}{name}.'
        if stack and _is_compound(child) and not _is_stack(child):
            yield [inner + n for n, _ in child.named_parameters()], True
        else:
            yield from _parts(child, inner)


def _is_stack(module: nn.Module) -> bool:
    """Whether it is a list (torch.fx makes plain modules of lists)."""
    children = dict(module.named_children())
    numbered = all(name.isdigit() for name in children)
    return numbered and any(_is_compound(c) for c in children.values())


def _is_compound(module: nn.Module) -> bool:
    return any(
        next(c.parameters(), None) is not None for c in module.children()
    )
