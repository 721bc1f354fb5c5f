"""Matching and set loss of a detector, against a plain implementation.

    python benchmarks/matcher.py [--rows 8] [--queries 300] [--boxes 60]

``SetLoss`` with its ``HungarianMatcher`` computes all pictures and all layers
at once; the plain one (benchmarks/matcher_references.py) goes layer by layer
and picture by picture, as it is usually written. Both give the same losses,
and so the same gradients. Forward and backward pass in float32 on one thread;
the median of processor time. Each number of layers is measured in turn, both
implementations in the same run. Prints a table, and as its last line a JSON
object.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[1]))

import trimodal.models  # noqa: F401
from benchmarks.matcher_references import Truth, plain_losses
from benchmarks.measuring import timed
from trimodal.models.layers.box_targets import BoxTargets
from trimodal.registry import MODELS

CLASSES = 80
SOFTMAX = {
    'classification': 'softmax',
    'matcher': {'type': 'HungarianMatcher', 'class_cost': 'probability'},
}
KINDS = {'softmax': SOFTMAX, 'focal': {'classification': 'focal'}}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--rows', type=int, default=8)
    parser.add_argument('--queries', type=int, default=300)
    parser.add_argument('--boxes', type=int, default=60)
    parser.add_argument('--layers', nargs='+', type=int, default=[1, 6])
    parser.add_argument('--seconds', type=float, default=3.0)
    return parser.parse_args()


def random_boxes(*shape: int) -> Tensor:
    """Centred boxes float ``[..., 4]`` inside the picture."""
    size = 0.05 + 0.25 * torch.rand(*shape, 2)
    centre = size / 2 + (1 - size) * torch.rand(*shape, 2)
    return torch.cat([centre, size], dim=-1)


def make_truth(rows: int, boxes: int) -> Truth:
    """As many boxes for every picture."""
    return [
        (torch.randint(CLASSES, (boxes,)), random_boxes(boxes))
        for _ in range(rows)
    ]


def batched(truth: Truth) -> BoxTargets:
    """The same as tensors."""
    labels = torch.stack([label for label, _ in truth])
    boxes = torch.stack([box for _, box in truth])
    real = torch.ones_like(labels, dtype=torch.bool)
    counts = tuple(len(label) for label, _ in truth)
    return BoxTargets(labels, boxes, real, real.any(1), counts)


def implementations(
    kind: str, layers: int, args: argparse.Namespace
) -> dict[str, Callable[[], float]]:
    """Calls that compute the sum of all losses, and its gradients."""
    softmax = kind == 'softmax'
    shape = (layers, args.rows, args.queries)
    logits = torch.randn(*shape, CLASSES + softmax).requires_grad_()
    boxes = random_boxes(*shape).requires_grad_()
    truth = make_truth(args.rows, args.boxes)
    targets, count = batched(truth), torch.tensor(float(args.rows))
    count = count * args.boxes
    queries = torch.ones(shape[1:], dtype=torch.bool)
    settings = {'type': 'SetLoss', 'class_weight': 1.0, **KINDS[kind]}
    loss = MODELS.build(settings)

    def ours() -> Tensor:
        terms = loss(logits, boxes, targets, queries, count)
        return torch.stack(list(terms.values())).sum()

    def plain() -> Tensor:
        total = logits.new_zeros(())
        for one, where in zip(logits, boxes, strict=True):
            terms = plain_losses(one, where, truth, softmax)
            total = total + torch.stack(list(terms.values())).sum()
        return total

    def run(forward: Callable[[], Tensor]) -> float:
        logits.grad = boxes.grad = None
        value = forward()
        value.backward()
        return value.item()

    return {'ours': lambda: run(ours), 'plain': lambda: run(plain)}


def measure(kind: str, layers: int, args: argparse.Namespace) -> dict:
    """Seconds of both, and how much longer the plain one takes."""
    runs = implementations(kind, layers, args)
    values = {name: run() for name, run in runs.items()}
    same = abs(values['ours'] / values['plain'] - 1) < 1e-4
    assert same, f'the losses differ: {values}'
    seconds = {n: timed(run, 5, args.seconds, 60.0) for n, run in runs.items()}
    return {
        'loss': kind,
        'layers': layers,
        **{name: round(value, 4) for name, value in seconds.items()},
        'times': round(seconds['plain'] / seconds['ours'], 2),
    }


def main() -> None:
    """Measure, and print."""
    args = parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print('| loss | layers | ours, s | plain, s | times |')
    print('|---|---|---|---|---|')
    rows = []
    for kind in KINDS:
        for layers in args.layers:
            rows.append(row := measure(kind, layers, args))
            print('| ' + ' | '.join(map(str, row.values())) + ' |', flush=True)
    print(json.dumps({'benchmark': 'matcher', 'results': rows}))


if __name__ == '__main__':
    main()
