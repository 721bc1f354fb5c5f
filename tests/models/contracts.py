"""What every encoder, aligner and fusion must hold to.

A component gets the whole suite for one line: a :class:`Contract` in the list
of its test, run by :func:`check`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.registry import MODELS
from trimodal.structures import Fused, ModalityInput, Tokens

Output = Tokens | Fused | Mapping[str, Tokens]


# Inputs: single samples, and batches of them with padding to spare.


def pad(x: Tensor, dims: Sequence[int], sizes: Sequence[int]) -> Tensor:
    """Zeros at the end of ``dims`` until they have ``sizes``."""
    for dim, size in zip(dims, sizes, strict=True):
        x = F.pad(x, [0, 0] * (x.dim() - dim - 1) + [0, size - x.shape[dim]])
    return x


def stack_inputs(
    samples: Sequence[ModalityInput], spare: int = 0
) -> ModalityInput:
    """Samples of one modality in a batch, padded by ``spare`` more."""
    picture = samples[0].mask.dim() == 3 and samples[0].data.dim() == 4
    data_dims, mask_dims = ([2, 3], [1, 2]) if picture else ([1], [1])
    sizes = [max(s.mask.shape[dim] for s in samples) for dim in mask_dims]
    sizes = [size + spare for size in sizes]
    return ModalityInput(
        torch.cat([pad(s.data, data_dims, sizes) for s in samples]),
        torch.cat([pad(s.mask, mask_dims, sizes) for s in samples]),
    )


def stack_streams(
    samples: Sequence[Mapping[str, Tokens]], spare: int = 0
) -> dict[str, Tokens]:
    """Samples of several streams in a batch, padded by ``spare`` more."""
    batch = {}
    for name in samples[0]:
        rows = [sample[name] for sample in samples]
        size = max(row.mask.shape[1] for row in rows) + spare
        batch[name] = Tokens(
            torch.cat([pad(row.x, [1], [size]) for row in rows]),
            torch.cat([pad(row.mask, [1], [size]) for row in rows]),
            torch.cat([row.present for row in rows]),
        )
    return batch


def make_input(data: Tensor, mask: Tensor) -> ModalityInput:
    """A batch of one, zero where masked."""
    while mask.dim() < 1 or mask.shape != data.shape[: mask.dim()]:
        raise AssertionError('mask must lead data')
    spread = mask.view(*mask.shape, *[1] * (data.dim() - mask.dim()))
    return ModalityInput(data.masked_fill(~spread, 0)[None], mask[None])


def speech_samples(channels: int = 16) -> list[ModalityInput]:
    return [
        make_input(torch.randn(n, channels), torch.ones(n).bool())
        for n in (23, 9, 1, 40)
    ]


def gesture_samples(channels: int = 9) -> list[ModalityInput]:
    samples = []
    for frames in (12, 1, 7):
        mask = torch.rand(frames, 2) < 0.6
        mask[0] = torch.tensor([True, False])
        samples.append(make_input(torch.randn(frames, 2, 21, channels), mask))
    return samples


def image_samples(sizes: Sequence[Sequence[int]]) -> list[ModalityInput]:
    return [
        ModalityInput(
            torch.randn(1, 3, *size), torch.ones(1, *size, dtype=torch.bool)
        )
        for size in sizes
    ]


def stream_samples(widths: Mapping[str, int]) -> list[dict[str, Tokens]]:
    """One sample for every subset of the modalities, all but the empty."""
    names = list(widths)
    samples = []
    for subset in range(1, 2 ** len(names)):
        sample = {}
        for index, name in enumerate(names):
            here = bool(subset >> index & 1)
            length = 2 + subset + 2 * index if here else 1
            mask = torch.full((1, length), here)
            if here and length > 4:
                mask[0, 1] = False  # a frame in which no hand is seen
            tokens = Tokens(torch.empty(0), mask, torch.tensor([here]))
            sample[name] = tokens.with_x(torch.randn(1, length, widths[name]))
        samples.append(sample)
    return samples


def absent_like(sample: Any) -> Any:
    """The same kind of sample, with nothing in it."""
    if isinstance(sample, ModalityInput):
        return sample.keep(torch.tensor([False]))
    return {
        name: Tokens(
            torch.zeros_like(tokens.x),
            torch.zeros_like(tokens.mask),
            torch.zeros_like(tokens.present),
        )
        for name, tokens in sample.items()
    }


# Outputs, seen from one sample.


def real_parts(output: Output, row: int) -> list[Tensor]:
    """What sample ``row`` got, without its padding."""
    if isinstance(output, Tokens):
        return [output.x[row][output.mask[row]], output.present[row]]
    if isinstance(output, Fused):
        return [
            output.tokens[row][output.mask[row]],
            output.pooled[row],
            output.weights[row],
        ]
    return [part for o in output.values() for part in real_parts(o, row)]


def floats(output: Output) -> list[Tensor]:
    """Everything that carries a gradient."""
    if isinstance(output, Tokens):
        return [output.x]
    if isinstance(output, Fused):
        return [output.tokens, output.pooled]
    return [part for o in output.values() for part in floats(o)]


def assert_masked_zero(output: Output) -> None:
    """Masked steps are zero, and absent rows have no real step."""
    if isinstance(output, Mapping):
        for tokens in output.values():
            assert_masked_zero(tokens)
        return
    x = output.x if isinstance(output, Tokens) else output.tokens
    assert not x[~output.mask].any()
    if isinstance(output, Tokens):
        assert not output.mask[~output.present].any()


@dataclass(frozen=True)
class Contract:
    """A component, and the samples it is tried with.

    Args:
        cfg: Its config, as small as it goes.
        samples: Makes samples, each a batch of one, of different lengths.
        id: Name of the case.
    """

    cfg: dict
    samples: Callable[[], list]
    id: str

    def __post_init__(self) -> None:
        assert self.cfg.keys() > {'type'}

    def build(self) -> nn.Module:
        torch.manual_seed(0)
        return MODELS.build(dict(self.cfg))

    def given(self) -> list:
        torch.manual_seed(1)
        return self.samples()

    def stack(self, samples: list, spare: int = 0) -> Any:
        if isinstance(samples[0], ModalityInput):
            return stack_inputs(samples, spare)
        return stack_streams(samples, spare)


def check_padding(contract: Contract) -> None:
    """A sample alone, or padded beside others and an absent one: the same."""
    module, samples = contract.build().eval(), contract.given()
    together = [*samples, absent_like(samples[0])]
    with torch.no_grad():
        batch = module(contract.stack(together, spare=5))
        assert_masked_zero(batch)
        for row, sample in enumerate(samples):
            alone = module(contract.stack([sample]))
            for a, b in zip(
                real_parts(alone, 0), real_parts(batch, row), strict=True
            ):
                torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def check_gradients(contract: Contract) -> None:
    """Every parameter gets a gradient, and not one of nothing."""
    module, samples = contract.build().train(), contract.given()
    batch = contract.stack([*samples, absent_like(samples[0])], spare=2)
    _backward(module(batch))
    idle = [
        name
        for name, parameter in module.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    ]
    assert not idle, f'no gradient reaches {idle}'
    _assert_finite_gradients(module)


def check_all_absent(contract: Contract) -> None:
    """Nothing there: finite, and every parameter still in the graph."""
    for mode in (True, False):
        module = contract.build().train(mode)
        sample = absent_like(contract.given()[0])
        output = module(contract.stack([sample, sample]))
        assert_masked_zero(output)
        assert all(x.isfinite().all() for x in floats(output))
        if isinstance(output, Fused):
            assert not output.weights.any()
        _backward(output)
        lost = [n for n, p in module.named_parameters() if p.grad is None]
        assert not lost, f'{lost} are left out of the graph'
        _assert_finite_gradients(module)


def check_autocast(contract: Contract) -> None:
    """Reduced precision gives about the same, and finite gradients."""
    module, samples = contract.build().eval(), contract.given()
    batch = contract.stack([*samples, absent_like(samples[0])], spare=2)
    exact = module(batch)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        rough = module(batch)
    for a, b in zip(floats(exact), floats(rough), strict=True):
        error = (a - b.float()).norm() / a.norm()
        assert error < 0.05, f'relative error {error:.3f}'
    _backward(rough)
    _assert_finite_gradients(module)


def check_input_unchanged(contract: Contract) -> None:
    """What was given is not written to."""
    module, samples = contract.build().eval(), contract.given()
    batch = contract.stack(samples)
    before = [part.clone() for part in _tensors(batch)]
    module(batch)
    for a, b in zip(before, _tensors(batch), strict=True):
        assert torch.equal(a, b)


CHECKS = (
    check_padding,
    check_gradients,
    check_all_absent,
    check_autocast,
    check_input_unchanged,
)


def _tensors(batch: Any) -> list[Tensor]:
    if isinstance(batch, ModalityInput):
        return [batch.data, batch.mask]
    return [t for s in batch.values() for t in (s.x, s.mask, s.present)]


def _backward(output: Output) -> None:
    # Random directions: the sum of a normalised vector would have no slope.
    generator = torch.Generator().manual_seed(2)
    sum(
        (part.float() * torch.randn(part.shape, generator=generator)).sum()
        for part in floats(output)
    ).backward()


def _assert_finite_gradients(module: nn.Module) -> None:
    for name, parameter in module.named_parameters():
        assert parameter.grad.isfinite().all(), name
