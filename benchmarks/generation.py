"""Writing texts with and without cached keys and values, by length.

    python benchmarks/generation.py [--lengths 10 20 40 80] [--beam-size 4]

A generation head of random weights looks at noise and writes texts that are
all of the same length, on one thread. Without a cache, each step decodes all
tokens so far, as in training. Both find the same texts, which is checked. The
ratio is that of processor times, without over with. Prints a table, and as its
last line a JSON object.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measuring import timed
from trimodal.models import BeamSearch, GenerationHead, WordVocabulary
from trimodal.structures import Fused, TriModalDataSample


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        '--lengths', nargs='+', type=int, default=[10, 20, 40, 80]
    )
    parser.add_argument('--batch-size', type=int, default=8)
    parser.add_argument('--beam-size', type=int, default=4)
    parser.add_argument('--width', type=int, default=256)
    parser.add_argument('--layers', type=int, default=4)
    parser.add_argument('--steps', type=int, default=100)
    parser.add_argument('--words', type=int, default=1000)
    parser.add_argument('--seconds', type=float, default=1.0)
    return parser.parse_args()


def make_head(args: argparse.Namespace) -> GenerationHead:
    """A head of random weights, large enough to tell samples apart."""
    words = [f'w{number}' for number in range(args.words)]
    head = GenerationHead(
        WordVocabulary(words), args.width, args.width, args.layers
    )
    for parameter in head.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    return head.eval()


def make_fused(args: argparse.Namespace) -> Fused:
    """Noise; the second sample is half as long."""
    mask = torch.ones(args.batch_size, args.steps, dtype=torch.bool)
    mask[1:2, args.steps // 2 :] = False
    x = torch.randn(*mask.shape, args.width) * mask.unsqueeze(2)
    return Fused(x, mask, x.mean(1), torch.ones(len(x), 1))


def rows_of(fused: Fused, beams: int) -> Fused:
    """Each row of what was fused as often as it has beams."""
    parts = (fused.tokens, fused.mask, fused.pooled, fused.weights)
    return Fused(*(part.repeat_interleave(beams, 0) for part in parts))


class Recomputing:
    """A step that decodes all tokens so far."""

    def __init__(self, head: GenerationHead, fused: Fused) -> None:
        self.head, self.fused = head, fused
        self.told: Tensor | None = None

    def __call__(self, tokens: Tensor, parents: Tensor | None) -> Tensor:
        """The logits of what comes next."""
        told = self.told
        if told is None:
            told = tokens.new_empty(*tokens.shape, 0)
        if parents is not None:
            rows = torch.arange(len(told)).unsqueeze(1)
            told = told[rows, parents]
        self.told = torch.cat([told, tokens.unsqueeze(2)], dim=2)
        fused = rows_of(self.fused, tokens.shape[1])
        logits = self.head(fused, self.told.flatten(0, 1))[:, -1]
        return logits.view(*tokens.shape, -1)


def texts_without_cache(head: GenerationHead, fused: Fused) -> list[str]:
    """What the head would write, all computed at every step."""
    words = head.vocabulary
    first = torch.full((len(fused.tokens),), words.bos)
    never = (words.pad, words.bos, words.unk)
    found = head.search(Recomputing(head, fused), first, words.eos, never)
    return [words.decode(row) for row in found.tokens.tolist()]


def texts_with_cache(head: GenerationHead, fused: Fused) -> list[str]:
    """What the head writes."""
    samples = [TriModalDataSample() for _ in fused.tokens]
    return [sample.pred_text for sample in head.predict(fused, samples)]


@torch.no_grad()
def measure(
    head: GenerationHead, length: int, beams: int, args: argparse.Namespace
) -> dict[str, float]:
    """One length and number of beams, both ways."""
    head.search = BeamSearch(beams, length, min_length=length)
    fused = make_fused(args)
    if texts_with_cache(head, fused) != texts_without_cache(head, fused):
        raise AssertionError(f'other texts with a cache, of {length} tokens')
    cached, plain = (
        timed(lambda run=run: run(head, fused), 3, args.seconds, 60.0)
        for run in (texts_with_cache, texts_without_cache)
    )
    return {
        'length': length,
        'beams': beams,
        'cached': round(cached, 4),
        'plain': round(plain, 4),
        'ratio': round(plain / cached, 2),
    }


def main() -> None:
    """Measure, and print."""
    args = parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    head = make_head(args)
    print('| beams | length | s, cached | s, without | ratio |')
    print('|---|---|---|---|---|')
    rows = []
    for beams in sorted({1, args.beam_size}):
        for length in args.lengths:
            row = measure(head, length, beams, args)
            print(
                f'| {beams} | {length} | {row["cached"]:.4f} | '
                f'{row["plain"]:.4f} | {row["ratio"]:.1f} |',
                flush=True,
            )
            rows.append(row)
    print(json.dumps({'benchmark': 'generation', 'results': rows}))


if __name__ == '__main__':
    main()
