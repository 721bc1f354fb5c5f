"""benchmarks/matcher.py at a tiny size, and benchmarks/matcher_references.py.

What the references compute is what tests/models/losses hold ours to.
"""

import json
import runpy
import sys

import torch

from benchmarks.matcher_references import plain_losses


def test_prints_json_last(repo_root, monkeypatch, capsys):
    script = repo_root / 'benchmarks' / 'matcher.py'
    options = ['--rows', '2', '--queries', '5', '--boxes', '3']
    options += ['--layers', '1', '2', '--seconds', '0']
    monkeypatch.setattr(sys, 'argv', [str(script), *options])
    runpy.run_path(str(script), run_name='__main__')
    *table, last = capsys.readouterr().out.splitlines()
    rows = json.loads(last)['results']
    assert len(table) == 2 + len(rows)
    assert [(r['loss'], r['layers']) for r in rows] == [
        ('softmax', 1),
        ('softmax', 2),
        ('focal', 1),
        ('focal', 2),
    ]


def test_a_perfect_answer_costs_nothing():
    box = torch.tensor([[0.5, 0.5, 0.2, 0.4]])
    logits = torch.tensor([[[99.0, 0.0, 0.0]]])
    truth = [(torch.tensor([0]), box)]
    losses = plain_losses(logits, box[None], truth, softmax=True)
    assert all(abs(value.item()) < 1e-5 for value in losses.values())
