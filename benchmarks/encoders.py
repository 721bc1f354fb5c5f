"""Time, memory, parameters and real-time factor of every encoder.

    python benchmarks/encoders.py

One sample a batch, of several sizes: seconds of speech (log-mel frames of 80
bins, a hundred a second, or the waveform at 16 kHz), frames of a gesture (two
hands of 21 joints, 30 frames a second), the side of a square picture. One
thread, float32, every encoder at its defaults unless the table below says
otherwise. ``forward`` is in evaluation, without gradients; ``train`` is
forward and backward in training. Times are medians of processor time, so that
what other programs take away hardly counts. Peak memory is what the tensors
of the first training step take beyond parameters and input, gradients
included.

The real-time factor is how many seconds of input one core takes in, in a
second of ``forward``; for pictures, how many pictures. Growth is the exponent
of that time over size (for pictures, the number of pixels): 1 is linear.
A size whose training step (or forward pass) would take longer than
``--limit``, going by the size before it, is run forward only (or not at all).
"""

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1]))

import trimodal.models  # noqa: F401
from benchmarks.measuring import growth, peak_memory, timed
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput

FRAMES, BINS, RATE = 100, 80, 16000
FPS = 30
# A residual network, and a vision transformer of the small size.
RESNET = {'type': 'TorchvisionBackbone', 'name': 'resnet18'}
SMALL = {
    'type': 'VisionTransformer',
    'embed_dims': 384,
    'num_heads': 6,
    'feedforward_channels': 1536,
}
# By modality: what is measured, under which name.
ENCODERS: dict[str, dict[str, dict]] = {
    'speech': {
        'SpeechCNN': {'in_channels': BINS},
        'SpeechTransformer': {},
        'SpeechTransformer rotary': {'positions': 'rotary'},
        'Conformer': {},
        'TorchaudioBundle WAV2VEC2_BASE': {'bundle': 'WAV2VEC2_BASE'},
        'TorchaudioBundle WAVLM_BASE': {'bundle': 'WAVLM_BASE'},
    },
    'gesture': {
        'HandGraphEncoder': {},
        'STGCN': {},
        'STGCNPlusPlus': {},
        'HandTransformer': {},
        'HandTransformer full': {'attention': 'full'},
        'StreamFusionEncoder HandGraphEncoder': {
            'encoder': {'type': 'HandGraphEncoder', 'in_channels': 3}
        },
    },
    'image': {
        'TorchvisionBackbone resnet18': {'name': 'resnet18'},
        'TorchvisionBackbone resnet50': {'name': 'resnet50'},
        'TorchvisionBackbone convnext_tiny': {'name': 'convnext_tiny'},
        'TimmBackbone resnet18': {'name': 'resnet18'},
        'FeaturePyramid resnet18': {
            'backbone': {**RESNET, 'level': (1, 2, 3)}
        },
        'VisionTransformer B/16': {},
        'VisionTransformer S/16': SMALL,
        'SimpleFeaturePyramid S/16': {
            'encoder': {**SMALL, 'cls_token': False}
        },
    },
}
UNITS = {'speech': 's', 'gesture': 'frames', 'image': 'px'}
Row = dict[str, Any]


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    names = [name for group in ENCODERS.values() for name in group]
    add('--encoders', nargs='+', default=names, choices=names)
    add('--speech', type=float, nargs='+', default=[1, 3, 10, 30])
    add('--gesture', type=int, nargs='+', default=[30, 90, 300])
    add('--image', type=int, nargs='+', default=[64, 128, 224])
    add('--rounds', type=int, default=3, help='at least, for each size')
    add('--seconds', type=float, default=0.2, help='at least, for each size')
    add('--limit', type=float, default=3.0, help='seconds of a step')
    return parser.parse_args()


def make_input(name: str, modality: str, size: float) -> ModalityInput:
    """A batch of one random sample."""
    n = int(size)
    if modality == 'image':
        shape, real = (3, n, n), (n, n)
    elif modality == 'gesture':
        shape, real = (n, 2, 21, 9), (n, 2)
    else:
        wave = name.startswith('TorchaudioBundle')
        n = int(size * (RATE if wave else FRAMES))
        shape, real = (n,) if wave else (n, BINS), (n,)
    mask = torch.ones(1, *real, dtype=torch.bool)
    return ModalityInput(torch.randn(1, *shape), mask)


def make_encoder(name: str, modality: str) -> nn.Module:
    """An encoder as the table above says."""
    torch.manual_seed(0)
    kind = name.split()[0]
    return MODELS.build({**ENCODERS[modality][name], 'type': kind})


def amount(modality: str, size: float) -> float:
    """Seconds of input; for a picture, one."""
    return {'speech': size, 'gesture': size / FPS, 'image': 1.0}[modality]


def measure_train(
    encoder: nn.Module, x: ModalityInput, args: argparse.Namespace
) -> tuple[float, float]:
    """Milliseconds and MiB of a training step."""
    directions: list[Tensor] = []

    def train() -> None:
        encoder.zero_grad()
        tokens = encoder(x).x
        if not directions:
            directions.append(torch.randn_like(tokens))
        tokens.backward(directions[0])

    encoder.train().zero_grad()
    # The first call is slower than others, and has its memory looked at.
    memory = peak_memory(train)
    spent = timed(train, args.rounds, args.seconds, args.limit)
    return round(1e3 * spent, 3), round(memory / 2**20, 1)


@torch.no_grad()
def measure_forward(
    encoder: nn.Module, x: ModalityInput, args: argparse.Namespace
) -> float:
    """Milliseconds of a forward pass."""
    encoder.eval()
    encoder(x)
    spent = timed(lambda: encoder(x), args.rounds, args.seconds, args.limit)
    return round(1e3 * spent, 3)


def measure_encoder(
    name: str, modality: str, args: argparse.Namespace
) -> list[Row]:
    """A row for each size of the input that does not take too long."""
    encoder = make_encoder(name, modality)
    rows: list[Row] = []
    for size in sorted(getattr(args, modality)):
        x = make_input(name, modality, size)
        if foreseen(rows, 'forward_ms', size) > args.limit:
            break
        forward = measure_forward(encoder, x, args)
        row: Row = {
            'encoder': name,
            'modality': modality,
            'size': size,
            'parameters': sum(p.numel() for p in encoder.parameters()),
            'forward_ms': forward,
            'real_time': round(1e3 * amount(modality, size) / forward, 2),
        }
        if foreseen(rows, 'train_ms', size) <= args.limit:
            train = measure_train(encoder, x, args)
            row['train_ms'], row['peak_mib'] = train
        rows.append(row)
    return rows


def foreseen(rows: list[Row], key: str, size: float) -> float:
    """Seconds that a size should take, going by the one before."""
    if not rows:
        return 0.0
    last = rows[-1]
    ratio = steps(last['modality'], size)
    ratio /= steps(last['modality'], last['size'])
    return last.get(key, math.inf) / 1e3 * ratio


def steps(modality: str, size: float) -> float:
    """What time is expected to be about proportional to."""
    return size**2 if modality == 'image' else size


def report(rows: list[Row], exponents: dict) -> None:
    """Print an encoder's part of the table."""
    growing = ', '.join(f'{k} {v:.2f}' for k, v in exponents.items()) or '-'
    name, parameters = rows[0]['encoder'], rows[0]['parameters']
    print(f'{name}: {parameters:,} parameters; growth {growing}')
    for row in rows:
        train = f'{row["train_ms"]:.2f}' if 'train_ms' in row else '-'
        peak = f'{row["peak_mib"]:.1f}' if 'peak_mib' in row else '-'
        print(
            f'{row["size"]:8g} {UNITS[row["modality"]]:7}'
            f'{row["forward_ms"]:12.2f}{train:>12}{peak:>10}'
            f'{row["real_time"]:12.1f}',
            flush=True,
        )


def measure(args: argparse.Namespace) -> dict:
    """Every size of every encoder, printed as it comes."""
    print(
        f'{"size":>8} {"":7}{"forward ms":>12}{"train ms":>12}'
        f'{"peak MiB":>10}{"real time":>12}'
    )
    table: list[Row] = []
    exponents = {}
    for modality, group in ENCODERS.items():
        for name in filter(args.encoders.__contains__, group):
            rows = measure_encoder(name, modality, args)
            exponents[name] = growth(
                [steps(modality, row['size']) for row in rows],
                [row['forward_ms'] for row in rows],
            )
            report(rows, exponents[name])
            table += rows
    return {
        'benchmark': 'encoders',
        'threads': torch.get_num_threads(),
        'batch': 1,
        'rows': table,
        'growth': exponents,
    }


def main() -> None:
    """Measure, and print a JSON object as the last line."""
    torch.set_num_threads(1)
    # Numbers too small to matter take a hundred times as long.
    torch.set_flush_denormal(True)
    print(json.dumps(measure(parse_args())))


if __name__ == '__main__':
    main()
