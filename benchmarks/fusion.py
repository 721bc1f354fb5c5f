"""Time, memory and parameters of every fusion, by length and by width.

    python benchmarks/fusion.py

Three streams of the same length and width, float32, in a batch of two, of
which the second sample is a quarter shorter (so there are masks). One
dimension changes at a time: the length at ``--width``, the width at
``--length``. ``forward`` and ``train`` (forward and backward) run in training
mode, but without dropout; peak memory is what their tensors take beyond
parameters and streams, gradients included. Growth is the exponent of ``train``
over length: 1 is linear.

The fusions made of attention are set beside a plain reference: the very linear
layers and scaled_dot_product_attention calls that their method consists of,
with the same shapes and masks, written out in fusion_references.py; no
normalisation, activation, residual, pooling or concatenation. Required of each
cell is that ``train`` takes at most 1.15 times as long as the reference.

One thread; times are the processor's, so that what other programs take away is
not counted. Fusion and reference take turns, and the best of each counts.
"""

import argparse
import json
import math
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1]))

import trimodal.models  # noqa: F401
from benchmarks.fusion_references import BATCH, HEADS, LAYERS, REFERENCES
from benchmarks.measuring import growth, peak_memory
from trimodal.registry import MODELS
from trimodal.structures import Fused, Tokens

NAMES = ('speech', 'gesture', 'image')
REQUIRED = {'ratio_to_bare': 1.15}
HEADED = {'num_heads': HEADS, 'dropout': 0.0}
LAYERED = {**HEADED, 'num_layers': LAYERS}
# What is not here is the default, and `out_channels` is the width.
FUSIONS: dict[str, dict] = {
    'ConcatFusion': {},
    'StepwiseConcatFusion': {},
    'SumFusion': {},
    'GatedFusion': {},
    'AdaptiveFusion': {},
    'MixtureOfExpertsFusion': {},
    'FiLMFusion': {'target': NAMES[0]},
    'TensorFusion': {},
    'LowRankFusion': {},
    'ProductOfExpertsFusion': {},
    'LateFusion': {},
    'AttentionPoolingFusion': HEADED,
    'PerceiverFusion': LAYERED,
    'SelfAttentionFusion': LAYERED,
    'CrossModalAttentionFusion': LAYERED,
    'MulTFusion': {**LAYERED, 'num_self_layers': 1, 'kernel_size': 1},
    'BottleneckFusion': {**LAYERED, 'fusion_layer': 0},
    'HierarchicalFusion': {**LAYERED, 'num_layers': 1},
}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--lengths', type=int, nargs='+', default=[64, 128, 256, 512, 1024])
    add('--widths', type=int, nargs='+', default=[128, 256, 512])
    add('--length', type=int, default=256, help='at which widths are tried')
    add('--width', type=int, default=256, help='at which lengths are tried')
    add('--fusions', nargs='+', default=list(FUSIONS), choices=list(FUSIONS))
    add('--seconds', type=float, default=1.5, help='at least, for each cell')
    add('--rounds', type=int, default=5, help='at least, for each cell')
    add('--quick', action='store_true', help='fewer cells and rounds')
    args = parser.parse_args()
    if args.quick:
        args.lengths, args.widths = [64, 256], [256]
        args.seconds, args.rounds = 0.3, 2
    return args


def make_streams(length: int, width: int) -> dict[str, Tokens]:
    """Streams of two samples, the second a quarter shorter."""
    steps = torch.arange(length)
    mask = steps < torch.tensor([[length], [length - length // 4]])
    streams = {}
    for name in NAMES:
        tokens = Tokens(torch.empty(0), mask, mask.any(1))
        tokens = tokens.with_x(torch.randn(BATCH, length, width))
        streams[name] = replace(tokens, x=tokens.x.requires_grad_())
    return streams


def make_fusion(name: str, width: int) -> nn.Module:
    """A fusion as the table above says."""
    return MODELS.build(
        {
            'type': name,
            'modalities': NAMES,
            'in_channels': width,
            'out_channels': width,
            **FUSIONS[name],
        }
    )


class Runner:
    """Runs a module forward and backward, and takes the time of both.

    Args:
        module (nn.Module): A fusion or a reference.
        streams (dict[str, Tokens]): What it is given.
    """

    def __init__(self, module: nn.Module, streams: dict[str, Tokens]) -> None:
        self.module, self.streams = module.train(), streams
        self.directions: list[Tensor] = []
        self.forward_seconds = self.seconds = math.inf

    def results(self) -> list[Tensor]:
        """What the gradients start from."""
        given = self.module(self.streams)
        if isinstance(given, Fused):
            return [given.tokens, given.pooled]
        return given

    def __call__(self) -> None:
        """Run once, and keep the best times."""
        self.module.zero_grad()
        for stream in self.streams.values():
            stream.x.grad = None
        start = time.process_time()
        results = self.results()
        middle = time.process_time()
        self.directions = self.directions or [
            torch.randn_like(x) for x in results
        ]
        torch.autograd.backward(results, self.directions)
        end = time.process_time()
        self.forward_seconds = min(self.forward_seconds, middle - start)
        self.seconds = min(self.seconds, end - start)


def measure_cell(
    name: str, length: int, width: int, args: argparse.Namespace
) -> dict:
    """All figures of a fusion at one length and width."""
    torch.manual_seed(0)
    streams = make_streams(length, width)
    fusion = Runner(make_fusion(name, width), streams)
    runs = [fusion]
    if name in REFERENCES:
        runs.append(Runner(REFERENCES[name](NAMES, width, length), streams))
    memory = peak_memory(fusion)
    for run in runs:
        run()
        run.forward_seconds = run.seconds = math.inf
    stop = time.process_time() + args.seconds
    rounds = 0
    while rounds < args.rounds or time.process_time() < stop:
        for run in runs:
            run()
        rounds += 1
    cell = {
        'fusion': name,
        'length': length,
        'width': width,
        'forward_ms': round(1e3 * fusion.forward_seconds, 3),
        'train_ms': round(1e3 * fusion.seconds, 3),
        'peak_mib': round(memory / 2**20, 3),
        'parameters': sum(p.numel() for p in fusion.module.parameters()),
    }
    for bare in runs[1:]:
        forward = fusion.forward_seconds / bare.forward_seconds
        cell['forward_ratio'] = round(forward, 3)
        cell['train_ratio'] = round(fusion.seconds / bare.seconds, 3)
    return cell


def cells(args: argparse.Namespace) -> list[tuple[int, int]]:
    """Lengths and widths, each once."""
    pairs = [(length, args.width) for length in args.lengths]
    pairs += [(args.length, width) for width in args.widths]
    return list(dict.fromkeys(pairs))


def exponents(rows: list[dict], width: int) -> dict[str, float]:
    """How time grows with length, of the rows of one width."""
    rows = [row for row in rows if row['width'] == width]
    rows.sort(key=lambda row: row['length'])
    return growth(
        [row['length'] for row in rows], [row['train_ms'] for row in rows]
    )


def report(name: str, rows: list[dict], grown: dict[str, float]) -> None:
    """Print a fusion's part of the table."""
    growing = ', '.join(f'{k} {v:.2f}' for k, v in grown.items())
    print(f'{name}  (growth: {growing})')
    for row in rows:
        ratios = ''
        if 'train_ratio' in row:
            ratios = f'{row["forward_ratio"]:9.2f}{row["train_ratio"]:9.2f}'
        print(
            f'{row["length"]:8}{row["width"]:8}{row["forward_ms"]:12.2f}'
            f'{row["train_ms"]:12.2f}{row["peak_mib"]:10.1f}'
            f'{row["parameters"]:12,}{ratios}',
            flush=True,
        )


def measure(args: argparse.Namespace) -> dict:
    """Every cell of every fusion, printed as it comes."""
    print(f'{"":62}{"to bare calls":>18}')
    print(
        f'{"length":>8}{"width":>8}{"forward ms":>12}{"train ms":>12}'
        f'{"peak MiB":>10}{"parameters":>12}{"forward":>9}{"train":>9}'
    )
    table, grown = [], {}
    for name in args.fusions:
        rows = [measure_cell(name, *cell, args) for cell in cells(args)]
        grown[name] = exponents(rows, args.width)
        report(name, rows, grown[name])
        table += rows
    worst = {
        name: max(r['train_ratio'] for r in table if r['fusion'] == name)
        for name in args.fusions
        if name in REFERENCES
    }
    return {
        'benchmark': 'fusion',
        'threads': torch.get_num_threads(),
        'rows': table,
        'growth': grown,
        'ratio_to_bare': worst,
        'required': REQUIRED,
        'met': {
            name: bool(ratio <= REQUIRED['ratio_to_bare'])
            for name, ratio in worst.items()
        },
    }


def main() -> None:
    """Measure, and print a JSON object as the last line."""
    torch.set_num_threads(1)
    # Numbers too small to matter take a hundred times as long.
    torch.set_flush_denormal(True)
    print(json.dumps(measure(parse_args())))


if __name__ == '__main__':
    main()
