"""What ``compile=True`` costs at the start, and what it saves of a step.

    python benchmarks/compiling.py

Two copies of the model of configs/demo train side by side on the same batches
with the same random numbers: one as it is, one whose parts CompileHook has
compiled. Batches have the demo's sizes, each another length of speech. The
steps take turns; what the compiled one takes longer in the rounds in which it
compiles is the cost, the median ratio of the others is the gain. In float32
both must give the same losses and gradients but for rounding.
"""

import argparse
import copy
import json
import statistics
import sys
from logging import getLogger
from pathlib import Path

import torch
from mmengine.config import Config
from torch import nn
from torch._dynamo.utils import counters

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measuring import random_inputs  # noqa: E402
from benchmarks.train_step import timed  # noqa: E402
from trimodal.engine.hooks import CompileHook  # noqa: E402
from trimodal.registry import MODELS  # noqa: E402
from trimodal.structures import TriModalDataSample  # noqa: E402

CONFIG = ROOT / 'configs' / 'demo' / 'cross-attention_small_b16-20e_demo.py'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--config', default=str(CONFIG), help='a config with a model')
    add('--backend', default='inductor')
    add('--dynamic', choices=['True', 'False', 'None'], default='None')
    add('--parts', nargs='+', help='names of parts to compile; else all')
    add('--batch-size', type=int, default=16)
    add('--speech', type=int, default=16000, help='samples of the longest')
    add('--frames', type=int, default=13, help='frames of a gesture')
    add('--picture', type=int, default=64, help='height and width')
    add('--steps', type=int, default=20)
    return parser.parse_args()


class Trainee:
    """A model that takes steps.

    Args:
        model (nn.Module): The model.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model.train()
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
        self.loss = 0.0

    def step(self, data: dict, seed: int) -> None:
        """Batch, forward, backward, AdamW."""
        torch.manual_seed(seed)
        batch = self.model.data_preprocessor(data, True)
        self.optimizer.zero_grad()
        losses = self.model(**batch, mode='loss')
        loss = self.model.parse_losses(losses)[0]
        loss.backward()
        self.loss = loss.item()
        self.optimizer.step()

    def gradients(self) -> torch.Tensor:
        """All of them in one row."""
        parts = [p.grad for p in self.model.parameters()]
        return torch.cat([g.flatten() for g in parts if g is not None])


def make_batch(args: argparse.Namespace, index: int) -> dict:
    """Each batch has another length of speech."""
    speech = args.speech * (20 - 3 * index % 7) // 20
    size = args.batch_size
    return {
        'inputs': random_inputs(size, speech, args.frames, args.picture),
        'data_samples': [
            TriModalDataSample().set_gt_label(i % 8) for i in range(size)
        ],
    }


def measure(args: argparse.Namespace) -> dict:
    """Train both, turn by turn."""
    torch.manual_seed(0)
    model = MODELS.build(Config.fromfile(args.config).model)
    plain, compiled = Trainee(model), Trainee(copy.deepcopy(model))
    hook = CompileHook(
        args.backend,
        dynamic={'True': True, 'False': False, 'None': None}[args.dynamic],
        parts=args.parts,
    )
    hook.compile(compiled.model, getLogger(__name__))
    rows, graphs = [], count_graphs()
    for index in range(args.steps):
        data = make_batch(args, index)
        seconds = timed(lambda: plain.step(data, index))  # noqa: B023
        longer = timed(lambda: compiled.step(data, index))  # noqa: B023
        wanted, found = plain.gradients(), compiled.gradients()
        rows.append(
            {
                'seconds': seconds,
                'compiled_seconds': longer,
                'new_graphs': count_graphs() - graphs,
                'loss_difference': abs(plain.loss - compiled.loss),
                'gradient_difference': float(
                    (found - wanted).norm() / wanted.norm()
                ),
            }
        )
        graphs = count_graphs()
        print(json.dumps(rows[-1]), flush=True)
    return summary(rows)


def count_graphs() -> int:
    """Graphs compiled so far in this process."""
    return counters['stats']['unique_graphs']


def summary(rows: list[dict]) -> dict:
    """Cost, gain and differences.

    Args:
        rows (list[dict]): Of each step.

    Returns:
        dict: For JSON; ``ratio`` is None if every step compiled something.
    """
    compiling = [row for row in rows if row['new_graphs']]
    others = [row for row in rows if not row['new_graphs']]
    ratios = [row['compiled_seconds'] / row['seconds'] for row in others]
    return {
        'benchmark': 'compiling',
        'threads': torch.get_num_threads(),
        'graphs': sum(row['new_graphs'] for row in rows),
        'compiling_steps': [rows.index(row) for row in compiling],
        'compiling_seconds': round(
            sum(r['compiled_seconds'] - r['seconds'] for r in compiling), 1
        ),
        'ratio': round(statistics.median(ratios), 3) if ratios else None,
        'loss_difference': max(row['loss_difference'] for row in rows),
        'first_gradient_difference': rows[0]['gradient_difference'],
    }


def main() -> None:
    """Measure, and print a JSON object as the last line."""
    print(json.dumps(measure(parse_args())))


if __name__ == '__main__':
    main()
