"""Temporal aligners on a task in which only timing tells the answer.

    python benchmarks/alignment.py [--seeds 0 1 2] [--warp 0.5] [--steps 300]

Two noisy sequences go through the same 5 to 8 events. One, at the lower rate,
shows of which of 4 kinds each event is, and marks one of them; the other, at
about twice the rate, shows the kind in its own way, and gives each event one
of 4 symbols. The label is the symbol of the marked event: both sequences are
needed, and what is simultaneous in them. ``--warp`` bends the second one's
time: 0 leaves it linear, so that events lie at the same share of both lengths,
and the larger, the further they are apart.

Every model is an embedding of each stream, an aligner or none, a fusion and a
linear layer, trained alike on fresh samples. Plain concatenation is
``ConcatFusion`` (of the pooled streams) and ``StepwiseConcatFusion`` without
an aligner (of step t of the one and step t of the other). Prints accuracies on
unseen samples, and as its last line a JSON object.
"""

import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import trimodal.models  # noqa: F401
from trimodal.registry import MODELS
from trimodal.structures import Tokens

EVENTS, KINDS, SYMBOLS = 8, 4, 4
NOISE = 0.3
WIDTH = 32
TESTED = 2000
# Kinds and the mark; kinds and symbols.
CHANNELS = {'slow': KINDS + 1, 'fast': KINDS + SYMBOLS}
STREAMS = tuple(CHANNELS)
TEMPORAL = {'modalities': STREAMS, 'reference': 'slow'}
LEARNED = {**TEMPORAL, 'in_channels': WIDTH, 'embed_dims': WIDTH}
FUSION = {
    'modalities': STREAMS,
    'in_channels': WIDTH,
    'out_channels': WIDTH,
    'pooling': 'attention',
}
CONCAT = {'type': 'ConcatFusion', **FUSION}
STEPWISE = {'type': 'StepwiseConcatFusion', **FUSION}
PLAIN = {
    'concatenation, pooled': (None, CONCAT),
    'concatenation, by step': (None, STEPWISE),
}
ALIGNERS = {
    'interpolation, linear': {'type': 'InterpolationAligner', **TEMPORAL},
    'interpolation, cubic': {
        'type': 'InterpolationAligner',
        'mode': 'cubic',
        **TEMPORAL,
    },
    'attention': {'type': 'AttentionAligner', **LEARNED},
    'learned, monotone': {'type': 'MonotonicAligner', **LEARNED},
    'soft-DTW': {'type': 'SoftDTWAligner', **LEARNED},
}
COMPARED = {**PLAIN, **{n: (a, STEPWISE) for n, a in ALIGNERS.items()}}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument('--warp', type=float, default=0.5)
    parser.add_argument('--steps', type=int, default=300)
    parser.add_argument('--batch-size', type=int, default=64)
    parser.add_argument('--lr', type=float, default=3e-3)
    parser.add_argument('--models', nargs='+', help='the start of names')
    return parser.parse_args()


def make_batch(
    size: int, warp: float, generator: torch.Generator
) -> tuple[dict[str, Tokens], Tensor]:
    """Draw samples.

    Args:
        size (int): How many, B.
        warp (float): How much the second stream's time is bent.
        generator (torch.Generator): Draws everything.

    Returns:
        tuple[dict[str, Tokens], Tensor]: The streams, and int64 ``[B]``: the
        symbol of the marked event.
    """

    def draw(high: int, *shape: int) -> Tensor:
        return torch.randint(high, (size, *shape), generator=generator)

    count = 5 + draw(EVENTS - 4)
    kinds, symbols = draw(KINDS, EVENTS), draw(SYMBOLS, EVENTS)
    marked = (torch.rand(size, generator=generator) * count).long()
    mark = F.one_hot(marked, EVENTS).unsqueeze(2)
    shown = {
        'slow': torch.cat([F.one_hot(kinds, KINDS), mark], dim=2),
        'fast': torch.cat(
            [F.one_hot(kinds, KINDS), F.one_hot(symbols, SYMBOLS)], dim=2
        ),
    }
    gaps = 0.5 + torch.rand(size, EVENTS + 1, generator=generator)
    bent = gaps * (warp * torch.randn(gaps.shape, generator=generator)).exp()
    length = 24 + draw(13)
    rate = 1.6 + 0.8 * torch.rand(size, generator=generator)
    streams = {
        'slow': _render(shown['slow'], gaps, count, length, 2, generator),
        'fast': _render(
            shown['fast'], bent, count, (length * rate).long(), 4, generator
        ),
    }
    return streams, symbols.gather(1, marked.unsqueeze(1)).squeeze(1)


def _render(
    shown: Tensor,
    gaps: Tensor,
    count: Tensor,
    length: Tensor,
    lasting: int,
    generator: torch.Generator,
) -> Tokens:
    """A stream in which each event is seen for ``lasting`` steps."""
    index = torch.arange(EVENTS + 1)
    gaps = gaps.masked_fill(index > count.unsqueeze(1), 0)
    moments = gaps.cumsum(1)[:, :-1] / gaps.sum(1, keepdim=True)
    starts = moments * length.unsqueeze(1) - lasting / 2
    steps = torch.arange(int(length.max()))
    since = steps - starts.unsqueeze(2)
    seen = (since >= 0) & (since < lasting)
    seen &= (index[:-1] < count.unsqueeze(1)).unsqueeze(2)
    x = seen.float().mT @ shown.float()
    x = x + NOISE * torch.randn(x.shape, generator=generator)
    mask = steps < length.unsqueeze(1)
    return Tokens(x.masked_fill(~mask.unsqueeze(2), 0), mask, mask.any(1))


class Model(nn.Module):
    """An embedding of each stream, aligner, fusion, linear layer.

    Args:
        aligner (dict | None): Config of the aligner, if there is one.
        fusion (dict): Config of the fusion.
    """

    def __init__(self, aligner: dict | None, fusion: dict) -> None:
        super().__init__()
        self.embed = nn.ModuleDict(
            {name: nn.Linear(size, WIDTH) for name, size in CHANNELS.items()}
        )
        self.aligner = MODELS.build(aligner) if aligner else None
        self.fusion = MODELS.build(fusion)
        self.head = nn.Linear(WIDTH, SYMBOLS)

    def forward(self, streams: dict[str, Tokens]) -> Tensor:
        """Scores of the symbols, float ``[B, 4]``."""
        streams = {n: s.with_x(self.embed[n](s.x)) for n, s in streams.items()}
        if self.aligner is not None:
            streams = self.aligner(streams)
        return self.head(self.fusion(streams).pooled)


def train(model: Model, args: argparse.Namespace, seed: int) -> float:
    """Train on fresh samples; accuracy on unseen ones, in percent."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, args.lr, total_steps=args.steps
    )
    for _ in range(args.steps):
        streams, label = make_batch(args.batch_size, args.warp, generator)
        optimizer.zero_grad()
        F.cross_entropy(model(streams), label).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    unseen = torch.Generator().manual_seed(10_000 + seed)
    streams, label = make_batch(TESTED, args.warp, unseen)
    with torch.no_grad():
        hits = model.eval()(streams).argmax(1) == label
    return 100 * hits.double().mean().item()


def compare(name: str, args: argparse.Namespace) -> dict[str, float]:
    """Train a model over all seeds."""
    scores, start = [], time.process_time()
    for seed in args.seeds:
        torch.manual_seed(seed)
        model = Model(*COMPARED[name])
        scores.append(train(model, args, seed))
    return {
        'mean': round(statistics.mean(scores), 1),
        'std': round(statistics.pstdev(scores), 1),
        'parameters': sum(p.numel() for p in model.parameters()),
        'seconds': round((time.process_time() - start) / len(args.seeds), 1),
    }


def main() -> None:
    """Compare, and print."""
    args = parse_args()
    torch.set_num_threads(1)
    wanted = tuple(args.models or ('',))
    print('| | accuracy, % | parameters | CPU s a run |\n|---|---|---|---|')
    results = {}
    for name in COMPARED:
        if name.startswith(wanted):
            got = results[name] = compare(name, args)
            print(
                f'| {name} | {got["mean"]:.1f} ± {got["std"]:.1f} | '
                f'{got["parameters"]} | {got["seconds"]:.1f} |',
                flush=True,
            )
    plain = max((results[n]['mean'] for n in PLAIN if n in results), default=0)
    print(
        json.dumps(
            {
                'benchmark': 'alignment',
                'warp': args.warp,
                'steps': args.steps,
                'seeds': args.seeds,
                'results': results,
                'beats_plain': {
                    name: results[name]['mean'] > plain
                    for name in ALIGNERS
                    if name in results
                },
            }
        )
    )


if __name__ == '__main__':
    main()
