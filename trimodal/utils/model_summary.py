"""A model's modules: parameters, shapes and operations of each.

Shapes are written as ``1x52x80``; sizes of several outputs stand side by
side.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

_ROOT = '(model)'


@dataclass(frozen=True)
class ModuleSummary:
    """A line of the summary.

    Args:
        name (str): Name of the module, '' for the model itself.
        kind (str): Its class.
        parameters (int): Numbers in it, those of its children too; what two
            modules share counts once in what holds both.
        trainable (int): Of these, what is learned.
        shape (str): Shape of what it returned, '' if it was not called.
        flops (int | None): Floating point operations of its calls, None if
            the model was not run.
    """

    name: str
    kind: str
    parameters: int
    trainable: int
    shape: str = ''
    flops: int | None = None

    @property
    def depth(self) -> int:
        """0 for the model, 1 for its children."""
        return self.name.count('.') + 1 if self.name else 0


def summarize_model(
    model: nn.Module, run: Callable[[], Any] | None = None
) -> list[ModuleSummary]:
    """Summarise every module of a model.

    Operations are those of matrix products, convolutions and scaled
    dot-product attention (masked or not, on any device); a multiplication
    and an addition are two. What torch spends on norms, activations and
    Fourier transforms is not in it.

    Args:
        model (nn.Module): The model.
        run (Callable | None): Calls the model once, such as
            ``lambda: model(x)``; it is called without gradient. Defaults to
            None: no shapes and operations.

    Returns:
        list[ModuleSummary]: The model, then its modules in its order.

    Examples:
        >>> import torch
        >>> from trimodal.utils.model_summary import summarize_model
        >>> model = torch.nn.Sequential(torch.nn.Linear(3, 4))
        >>> root, linear = summarize_model(
        ...     model, lambda: model(torch.ones(2, 3)))
        >>> linear.parameters, linear.shape, linear.flops
        (16, '2x4', 48)
    """
    shapes: dict[str, str] = {}
    counts: dict[str, int] = {}
    if run is not None:
        shapes, counts = _watch(model, run)
    return [
        ModuleSummary(
            name,
            type(module).__name__,
            _size(module.parameters()),
            _size(p for p in module.parameters() if p.requires_grad),
            shapes.get(name, ''),
            None if run is None else _flops(name, module, counts),
        )
        for name, module in model.named_modules()
    ]


def format_summary(rows: Sequence[ModuleSummary], depth: int = 2) -> str:
    """Lay a summary out as a table, without what is empty and never called.

    Args:
        rows (Sequence[ModuleSummary]): From :func:`summarize_model`.
        depth (int): How deep to go. Defaults to 2.

    Returns:
        str: Plain text of several lines.

    Raises:
        ValueError: If ``depth`` is negative.
    """
    if depth < 0:
        raise ValueError(f'depth must be at least 0, got {depth}')
    counted = rows[0].flops is not None
    columns = ['module', 'class', 'parameters', 'trainable']
    # Shapes come last: what a terminal has no room for is their end.
    columns += ['FLOPs', 'output'] if counted else []
    table = Table(box=None, pad_edge=False)
    for column in columns:
        is_text = column in ('module', 'class', 'output')
        table.add_column(
            column, justify='left' if is_text else 'right', no_wrap=True
        )
    for row in rows:
        empty = not (row.parameters or row.flops or row.shape)
        if row.depth <= depth and not (row.depth and empty):
            indent = '  ' * row.depth
            cells = [indent + (row.name.rpartition('.')[2] or _ROOT), row.kind]
            cells += [_short(row.parameters), _short(row.trainable)]
            cells += [_short(row.flops or 0), row.shape] if counted else []
            table.add_row(*cells)
    console = Console(width=1000, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(table)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    return '\n'.join([*lines, _totals(rows[0])])


def _totals(root: ModuleSummary) -> str:
    frozen = root.parameters - root.trainable
    text = (
        f'{root.parameters:,} parameters: {root.trainable:,} trainable, '
        f'{frozen:,} frozen; {root.parameters * 4 / 2**20:.1f} MiB in float32'
    )
    if root.flops is not None:
        text += f'; {root.flops:,} FLOPs'
    return text


def _watch(
    model: nn.Module, run: Callable[[], Any]
) -> tuple[dict[str, str], dict[str, int]]:
    """Shapes and operations by module."""
    shapes: dict[str, str] = {}
    counts: dict[str, int] = {}
    counter = FlopCounterMode(display=False, custom_mapping=_ATTENTION)
    running: list[tuple[str, int]] = []

    def enter(name: str, *_: Any) -> None:
        running.append((name, counter.get_total_flops()))

    def leave(name: str, module: nn.Module, args: Any, output: Any) -> None:
        started, before = running.pop()
        assert started == name
        spent = counter.get_total_flops() - before
        counts[name] = counts.get(name, 0) + spent
        shapes.setdefault(name, shape_of(output))

    handles = []
    for name, module in model.named_modules():
        handles += [
            module.register_forward_pre_hook(partial(enter, name)),
            module.register_forward_hook(partial(leave, name)),
        ]
    try:
        with torch.no_grad(), counter:
            run()
    finally:
        for handle in handles:
            handle.remove()
    return shapes, counts


def _attention_flops(
    query: torch.Size,
    key: torch.Size,
    value: torch.Size,
    *args: Any,
    out_shape: Any = None,
    **kwargs: Any,
) -> int:
    return sdpa_flop_count(query, key, value)


# torch counts attention on a GPU only; of a CPU's kernel it says nothing.
_ATTENTION = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: (
        _attention_flops
    )
}


def _flops(name: str, module: nn.Module, counts: Mapping[str, int]) -> int:
    """Of one that was called, else the sum of its children."""
    if name in counts:
        return counts[name]
    prefix = f'{name}.' if name else ''
    return sum(
        _flops(prefix + key, child, counts)
        for key, child in module.named_children()
    )


def shape_of(output: Any) -> str:
    """The shape of what a module returned.

    Args:
        output (Any): A tensor, or several in a mapping, a sequence or a
            dataclass.

    Returns:
        str: The first four, '' without a tensor.

    Examples:
        >>> import torch
        >>> from trimodal.utils.model_summary import shape_of
        >>> shape_of({'a': torch.ones(2, 3), 'b': torch.ones(4)})
        'a 2x3, b 4'
    """
    shapes = [
        f'{name} {shape}' if name else shape
        for name, shape in _shapes(output, '')
    ]
    return ', '.join(shapes[:4]) + (', ...' if len(shapes) > 4 else '')


def _shapes(output: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(output, Tensor):
        yield name, 'x'.join(map(str, output.shape)) or '1'
    elif is_dataclass(output):
        # The first says it; the rest are masks and the like.
        yield from _shapes(getattr(output, fields(output)[0].name), name)
    elif isinstance(output, Mapping):
        for key, value in output.items():
            yield from _shapes(value, str(key))
    elif isinstance(output, list | tuple):
        for value in output:
            yield from _shapes(value, name)


def _size(parameters: Any) -> int:
    return sum(p.numel() for p in parameters)


def _short(count: int) -> str:
    """Three figures and a unit, as one reads it in papers."""
    units = ['', 'k', 'M', 'G', 'T']
    value = float(count)
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f'{value:.3g}{units[0]}' if units[0] else str(count)
