"""What gradient checkpointing (``with_cp``) saves, and what it costs.

    python benchmarks/gradient_checkpointing.py

The whole base-size model, and encoders at their defaults, each by itself. A
training step (forward and backward) with and without take turns, with the
same module and the same random numbers. Time is the median of processor time;
memory is what the tensors of a step take beyond parameters, gradients and
input. Both steps must give the same loss, to the bit.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.encoders import make_encoder, make_input
from benchmarks.measuring import peak_memory
from benchmarks.train_step import BASE, Step

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


def whole_step(
    args: argparse.Namespace,
) -> tuple[nn.Module, Callable[[], Tensor]]:
    """The whole model, and a call that gives its loss."""
    step = Step(args)
    batch = step.prepare()

    def loss() -> Tensor:
        losses = step.model(**batch, mode='loss')
        return step.model.parse_losses(losses)[0]

    return step.model, loss


def encoder_step(
    name: str, factor: float
) -> tuple[nn.Module, Callable[[], Tensor]]:
    """An encoder, and a call that gives some loss."""
    modality, size = ENCODERS[name]
    encoder = make_encoder(name, modality).train()
    x = make_input(name, modality, factor * size)
    return encoder, lambda: encoder(x).x.square().mean()


def switch(model: nn.Module, with_cp: bool) -> None:
    """Set ``with_cp`` wherever there is one."""
    for module in model.modules():
        if hasattr(module, 'with_cp'):
            module.with_cp = with_cp


def compare(
    model: nn.Module, loss: Callable[[], Tensor], rounds: int
) -> dict[str, float]:
    """Time and memory of a step with, as shares of those without."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    losses, memory = {}, {}

    def step() -> None:
        torch.manual_seed(0)
        losses[with_cp] = loss()
        losses[with_cp].backward()
        losses[with_cp] = losses[with_cp].detach()

    for turn in range(rounds + 1):
        for with_cp in (False, True):
            switch(model, with_cp)
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
    }


def main() -> None:
    """Measure, tell, and print a JSON object as the last line."""
    args = parse_args()
    torch.set_num_threads(1)
    rows = {}
    for name in args.parts:
        made = (
            whole_step(args)
            if name == WHOLE
            else encoder_step(name, args.size)
        )
        row = rows[name] = compare(*made, args.rounds)
        print(
            f'{name:32}{row["ms"]:9.1f} ms x {row["time_ratio"]:.2f} '
            f'{row["mib"]:9.1f} MiB x {row["memory_ratio"]:.2f}  '
            f'{"same loss" if row["same_loss"] else "OTHER LOSS"}'
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
