"""What each weighting of several tasks costs, against fixed weights.

    python benchmarks/multitask.py

A step is forward, backward and AdamW of a model with several heads, on a
random batch that is annotated for all of them. Each weighting has the same
model and takes turns with the others; the best of all rounds counts, since
other processes only ever take time away. Then the memory that a step holds at
most, above what was there. Prints the table of ``docs/multitask.md`` and, as
its last line, a JSON object.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.structures import InstanceData
from torch import nn

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measuring import peak_memory, random_inputs  # noqa: E402
from trimodal.models import TriModalFusionModel  # noqa: E402
from trimodal.registry import MODELS  # noqa: E402
from trimodal.structures import TriModalDataSample  # noqa: E402

BASE = ROOT / 'configs' / '_base_' / 'models' / 'tridigits_multitask.py'
MIB = 2**20


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--config', default=str(BASE), help='a config with a model')
    add('--batch-size', type=int, default=32)
    add('--speech', type=int, default=4000, help='samples of a waveform')
    add('--frames', type=int, default=30, help='frames of a gesture')
    add('--picture', type=int, default=96, help='height and width')
    add('--text', default='seven', help='what is to be written')
    add('--rounds', type=int, default=10)
    return parser.parse_args()


def weightings(tasks: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """The objectives that are compared, fixed weights first."""
    return {
        'FixedWeights': {'weights': dict.fromkeys(tasks, 1.0)},
        'UncertaintyWeights': {'tasks': tasks},
        'GradNorm': {'tasks': tasks},
        'PCGrad': {'tasks': tasks},
    }


def make_sample(index: int, side: int, text: str) -> TriModalDataSample:
    """Something for every task."""
    box = torch.tensor([[8.0, 8, 36, 36]]) + index % 8
    size = (side, side)
    sample = TriModalDataSample(
        metainfo={'img_shape': size, 'ori_shape': size}
    )
    sample.set_gt_label(index % 8).set_gt_value(float(index)).set_gt_text(text)
    return sample.set_gt_instances(
        InstanceData(bboxes=box, labels=torch.zeros(1, dtype=torch.int64))
    )


def make_batch(args: argparse.Namespace) -> dict:
    """A batch as the loader gives it, random but always the same."""
    count, side = args.batch_size, args.picture
    return {
        'inputs': random_inputs(count, args.speech, args.frames, side),
        'data_samples': [
            make_sample(i, side, args.text) for i in range(count)
        ],
    }


class Step:
    """A model with a weighting and its optimizer; called, it takes a step.

    Args:
        config (Config): With a model.
        name (str): The weighting's type.
        data (dict): The batch.
    """

    def __init__(self, config: Config, name: str, data: dict) -> None:
        torch.manual_seed(0)
        settings = weightings(tuple(config.model.heads))[name]
        weighting = {'type': name, **settings}
        self.model: TriModalFusionModel = MODELS.build(
            {**config.model, 'objectives': {'weighting': weighting}}
        ).train()
        measure_targets(self.model, data)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)
        self.batch = self.model.data_preprocessor(data, True)

    def __call__(self) -> None:
        """Forward, backward, AdamW."""
        self.optimizer.zero_grad()
        losses = self.model(**self.batch, mode='loss')
        self.model.parse_losses(losses)[0].backward()
        self.optimizer.step()


def measure_targets(model: nn.Module, data: dict) -> None:
    """Do what ``TargetStatisticsHook`` does."""
    values = torch.stack([s.gt_value for s in data['data_samples']])
    for head in model.heads.values():
        if hasattr(head, 'targets') and hasattr(head.targets, 'measure'):
            head.targets.measure(values.double())


def measure(args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Seconds and MiB of each weighting, and their ratio to the first."""
    config = Config.fromfile(args.config)
    data = make_batch(args)
    names = list(weightings(tuple(config.model.heads)))
    steps = {name: Step(config, name, data) for name in names}
    seconds: dict[str, float] = {}
    for step in steps.values():
        step()
    for _ in range(args.rounds):
        for name, step in steps.items():
            start = time.process_time()
            step()
            taken = time.process_time() - start
            seconds[name] = min(seconds.get(name, taken), taken)
    memory = {name: peak_memory(step) / MIB for name, step in steps.items()}
    first = names[0]
    return {
        name: {
            'seconds': round(seconds[name], 4),
            'seconds_ratio': round(seconds[name] / seconds[first], 2),
            'mib': round(memory[name], 1),
            'mib_ratio': round(memory[name] / memory[first], 2),
        }
        for name in names
    }


def main() -> None:
    """Measure, tell, and print a JSON object as the last line."""
    args = parse_args()
    found = measure(args)
    print('| weighting | time of a step | memory of a step |\n|---|---|---|')
    for name, figures in found.items():
        print(
            f'| `{name}` | {figures["seconds_ratio"]:.2f} × | '
            f'{figures["mib_ratio"]:.2f} × |'
        )
    result = {'benchmark': 'multitask', 'threads': torch.get_num_threads()}
    print(json.dumps(result | {'weightings': found}))


if __name__ == '__main__':
    main()
