"""Time and memory of the temporal aligners, by length.

    python benchmarks/alignment_speed.py [--lengths 75 150 300 600]

Two streams of the same length and width, float32, the second sample of each
half as long; the first stream's clock is used. Forward and backward pass on
one thread; peak memory is what their tensors take beyond parameters and
streams. Growth is the exponent between the two longest. Prints a table, and as
its last line a JSON object.
"""

import argparse
import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

import trimodal.models  # noqa: F401
from benchmarks.measuring import growth, peak_memory, timed
from trimodal.registry import MODELS
from trimodal.structures import Tokens

NAMES = ('a', 'b')
ALIGNERS = {
    'InterpolationAligner': {},
    'InterpolationAligner, cubic': {'mode': 'cubic'},
    'AttentionAligner': {'embed_dims': 64, 'num_heads': 4},
    'MonotonicAligner': {},
    'SoftDTWAligner': {},
}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        '--lengths', nargs='+', type=int, default=[75, 150, 300, 600]
    )
    parser.add_argument('--batch-size', type=int, default=8)
    parser.add_argument('--width', type=int, default=128)
    parser.add_argument('--seconds', type=float, default=1.0)
    return parser.parse_args()


def make_streams(size: int, length: int, width: int) -> dict[str, Tokens]:
    """Streams of noise that ask for gradients."""
    streams = {}
    for name in NAMES:
        mask = torch.ones(size, length, dtype=torch.bool)
        mask[1:2, length // 2 :] = False
        x = torch.randn(size, length, width) * mask.unsqueeze(2)
        streams[name] = Tokens(x.requires_grad_(), mask, mask.any(1))
    return streams


def measure(name: str, args: argparse.Namespace) -> list[dict[str, float]]:
    """One aligner at all lengths."""
    settings = {'modalities': NAMES, 'reference': 'a', **ALIGNERS[name]}
    if not name.startswith('Interpolation'):
        settings['in_channels'] = args.width
    aligner = MODELS.build({'type': name.split(',')[0], **settings})
    rows = []
    for length in args.lengths:
        streams = make_streams(args.batch_size, length, args.width)

        def run(streams: dict[str, Tokens] = streams) -> None:
            aligner(streams)['b'].x.square().sum().backward()

        run()
        rows.append(
            {
                'length': length,
                'seconds': round(timed(run, 3, args.seconds, 60.0), 4),
                'mib': round(peak_memory(run) / 2**20, 1),
            }
        )
    return rows


def main() -> None:
    """Measure, and print."""
    args = parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print('| aligner | length | s | MiB |\n|---|---|---|---|')
    results = {}
    for name in ALIGNERS:
        rows = measure(name, args)
        for row in rows:
            print(
                f'| {name} | {row["length"]} | {row["seconds"]:.4f} | '
                f'{row["mib"]:.1f} |',
                flush=True,
            )
        times = [row['seconds'] for row in rows]
        results[name] = {
            'rows': rows,
            'growth': growth(args.lengths, times).get('last'),
        }
    print(json.dumps({'benchmark': 'alignment_speed', 'results': results}))


if __name__ == '__main__':
    main()
