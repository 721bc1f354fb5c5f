"""What gradient checkpointing (``with_cp``) saves, and what it costs.

    python benchmarks/gradient_checkpointing.py

The whole base-size model, and encoders at their defaults, each by itself,
built with ``with_cp=False`` and with ``with_cp=True``. Training steps (forward
and backward) of the two take turns, from the same weights and with the same
random numbers. Time is the median of processor time; memory is what the
tensors of a step take beyond parameters, gradients and input. Both must give
the same loss and the same gradients, to the bit.
"""

import argparse
import inspect
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.encoders import ENCODERS as CONFIGS
from benchmarks.encoders import make_input
from benchmarks.measuring import peak_memory
from benchmarks.train_step import BASE, Step
from trimodal.registry import MODELS

# A module, and a call that gives its loss.
Made = tuple[nn.Module, Callable[[], Tensor]]

# By name in benchmarks/encoders.py: its modality, and the size of an input.
ENCODERS: dict[str, tuple[str, float]] = {
    'SpeechTransformer': ('speech', 3),
    'Conformer': ('speech', 3),
    'TorchaudioBundle WAV2VEC2_BASE': ('speech', 3),
    'HandTransformer': ('gesture', 90),
    'VisionTransformer S/16': ('image', 224),
}
WHOLE = 'whole model'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [WHOLE, *ENCODERS]
    add = parser.add_argument
    add('--parts', nargs='+', default=names, choices=names)
    add('--config', default=str(BASE), help='a config with a model')
    add('--batch-size', type=int, default=4, help='of the whole model')
    add('--speech', type=int, default=48000, help='samples of a waveform')
    add('--frames', type=int, default=90, help='frames of a gesture')
    add('--picture', type=int, default=224, help='height and width')
    add(
        '--size', type=float, default=1.0, help="factor on the encoders' input"
    )
    add('--rounds', type=int, default=3)
    return parser.parse_args()


def with_cp_everywhere(item: Any, with_cp: bool) -> None:
    """Say so to every part of a config whose constructor takes it."""
    if isinstance(item, dict):
        part = MODELS.get(item['type']) if 'type' in item else None
        if part and 'with_cp' in inspect.signature(part).parameters:
            item['with_cp'] = with_cp
        item = list(item.values())
    if isinstance(item, list | tuple):
        for value in item:
            with_cp_everywhere(value, with_cp)


def whole_step(args: argparse.Namespace, with_cp: bool) -> Made:
    """The whole model, and a call that gives its loss."""
    config = Config.fromfile(args.config).model
    with_cp_everywhere(config, with_cp)
    step = Step(args, config)
    batch = step.prepare()

    def loss() -> Tensor:
        losses = step.model(**batch, mode='loss')
        return step.model.parse_losses(losses)[0]

    return step.model, loss


def encoder_step(name: str, factor: float, with_cp: bool) -> Made:
    """An encoder, and a call that gives some loss."""
    modality, size = ENCODERS[name]
    config = {**CONFIGS[modality][name], 'type': name.split()[0]}
    torch.manual_seed(0)
    encoder = MODELS.build({**config, 'with_cp': with_cp}).train()
    x = make_input(name, modality, factor * size)
    return encoder, lambda: encoder(x).x.square().mean()


def compare(made: dict[bool, Made], rounds: int) -> dict[str, float]:
    """Time and memory of a step with, as shares of those without."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    losses, memory = {}, {}

    def step() -> None:
        torch.manual_seed(0)
        losses[with_cp] = made[with_cp][1]()
        losses[with_cp].backward()
        losses[with_cp] = losses[with_cp].detach()

    for turn in range(rounds + 1):
        for with_cp in (False, True):
            if turn == 0:
                step()  # now the gradients are there
                memory[with_cp] = peak_memory(step)
                continue
            start = time.process_time()
            step()
            seconds[with_cp].append(time.process_time() - start)
    spent = {key: statistics.median(values) for key, values in seconds.items()}
    return {
        'ms': round(1e3 * spent[False], 1),
        'mib': round(memory[False] / 2**20, 1),
        'time_ratio': round(spent[True] / spent[False], 3),
        'memory_ratio': round(memory[True] / memory[False], 3),
        'same_loss': bool(torch.equal(losses[True], losses[False])),
        'same_gradients': same_gradients(made[False][0], made[True][0]),
    }


def same_gradients(one: nn.Module, other: nn.Module) -> bool:
    """Whether two modules have gathered the same, to the bit."""
    theirs = {n: p.grad for n, p in other.named_parameters()}
    return all(
        p.grad is None
        if theirs[name] is None
        else p.grad is not None and torch.equal(p.grad, theirs[name])
        for name, p in one.named_parameters()
    )


def main() -> None:
    """Measure, tell, and print a JSON object as the last line."""
    args = parse_args()
    torch.set_num_threads(1)
    rows = {}
    for name in args.parts:
        made = {
            with_cp: whole_step(args, with_cp)
            if name == WHOLE
            else encoder_step(name, args.size, with_cp)
            for with_cp in (False, True)
        }
        row = rows[name] = compare(made, args.rounds)
        print(
            f'{name:32}{row["ms"]:9.1f} ms x {row["time_ratio"]:.2f} '
            f'{row["mib"]:9.1f} MiB x {row["memory_ratio"]:.2f}  '
            f'{"same loss" if row["same_loss"] else "OTHER LOSS"}, '
            f'{"same gradients" if row["same_gradients"] else "OTHERS"}'
        )
    print(
        json.dumps(
            {
                'benchmark': 'gradient_checkpointing',
                'threads': torch.get_num_threads(),
                'rows': rows,
            }
        )
    )


if __name__ == '__main__':
    main()
