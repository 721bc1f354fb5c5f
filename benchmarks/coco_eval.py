"""Evaluating boxes as COCO does: CocoMetric against plain pycocotools.

    python benchmarks/coco_eval.py

Random pictures with ``--true`` boxes of ``--categories``, and ``--boxes``
detections near to them. Both evaluate the same, in the same run:

- CocoMetric, backend 'auto': from the model's samples (tensors, in batches of
  32) to its figures, table and per-class figures included.
- pycocotools: truth and results are ready as lists of dicts, as from its JSON
  files; index, ``loadRes``, ``evaluate``, ``accumulate``, ``summarize``.

Required is that CocoMetric is three times as fast, and that all twelve figures
agree to 1e-6. Times are the processor's, one thread, so that what other
programs take away is not counted; the best of ``--rounds``.
"""

import argparse
import contextlib
import io
import json
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from trimodal.evaluation import CocoMetric
from trimodal.evaluation.functional.coco_backends import choose_backend

REQUIRED = {'ratio': 3.0, 'difference': 1e-6}
BATCH = 32
SIZE = (480, 640)
Sample = dict[str, Any]


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--pictures', type=int, default=5000)
    add('--boxes', type=int, default=100, help='detections of a picture')
    add('--true', type=int, default=10, help='true boxes of a picture')
    add('--categories', type=int, default=10)
    add('--rounds', type=int, default=1)
    return parser.parse_args()


def make_samples(args: argparse.Namespace) -> list[Sample]:
    """What a model answers, as mmengine's Evaluator hands it to a metric."""
    rng = np.random.default_rng(0)
    samples = []
    for index in range(args.pictures):
        corner = rng.uniform(0, 400, (args.true, 2))
        size = np.exp(rng.uniform(2.5, 5.3, (args.true, 2)))
        true = np.concatenate([corner, corner + size], 1).astype(np.float32)
        labels = rng.integers(0, args.categories, args.true)
        near = rng.integers(0, args.true, args.boxes)
        spread = 0.08 * np.tile(size[near], 2)
        found = true[near] + spread * rng.normal(size=(args.boxes, 4))
        found[:, 2:] = np.maximum(found[:, 2:], found[:, :2] + 1)
        other = rng.integers(0, args.categories, args.boxes)
        mistaken = rng.random(args.boxes) < 0.3
        samples.append(
            {
                'sample_id': str(index + 1),
                'ori_shape': SIZE,
                'img_shape': SIZE,
                'gt_instances': {
                    'bboxes': torch.from_numpy(true),
                    'labels': torch.from_numpy(labels),
                },
                'pred_instances': {
                    'bboxes': torch.from_numpy(found).float(),
                    'labels': torch.from_numpy(
                        np.where(mistaken, other, labels[near])
                    ),
                    'scores': torch.from_numpy(rng.random(args.boxes)).float(),
                },
            }
        )
    return samples


def to_coco(
    samples: list[Sample], categories: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The same as truth and results of the COCO form."""
    truth, results = [], []
    for sample in samples:
        for name, items in (('gt', truth), ('pred', results)):
            given = sample[f'{name}_instances']
            corners = given['bboxes'].double()
            corners[:, 2:] -= corners[:, :2]
            items += [
                {
                    'image_id': int(sample['sample_id']),
                    'category_id': label + 1,
                    'bbox': box,
                }
                for box, label in zip(
                    corners.tolist(), given['labels'].tolist(), strict=True
                )
            ]
    scores = torch.cat([s['pred_instances']['scores'] for s in samples])
    for item, score in zip(results, scores.tolist(), strict=True):
        item['score'] = score
    for number, item in enumerate(truth, 1):
        area = item['bbox'][2] * item['bbox'][3]
        item.update(id=number, area=area, iscrowd=0)
    dataset = {
        'images': [{'id': int(sample['sample_id'])} for sample in samples],
        'annotations': truth,
        'categories': [
            {'id': i + 1, 'name': f'{i}'} for i in range(categories)
        ],
    }
    return dataset, results


def run_ours(samples: list[Sample], categories: int) -> list[float]:
    """Evaluate by CocoMetric."""
    metric = CocoMetric()
    metric.dataset_meta = {
        'detection_classes': [f'{i}' for i in range(categories)]
    }
    for start in range(0, len(samples), BATCH):
        metric.process(None, samples[start : start + BATCH])
    return [*metric.evaluate(len(samples)).values()][:12]


def run_plain(
    dataset: dict[str, Any], results: list[dict[str, Any]]
) -> list[float]:
    """Evaluate by pycocotools as its own example does."""
    truth = COCO()
    truth.dataset = dataset
    truth.createIndex()
    evaluation = COCOeval(truth, truth.loadRes(results), 'bbox')
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return [*map(float, evaluation.stats)]


def timed(run: Callable[[], list[float]]) -> tuple[float, list[float]]:
    """Processor time of a call in seconds, and what it gave."""
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.process_time()
        figures = run()
        return time.process_time() - start, figures


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Both, in turns."""
    samples = make_samples(args)
    seconds = {'coco_metric': math.inf, 'pycocotools': math.inf}
    figures: dict[str, list[float]] = {}
    for _ in range(args.rounds):
        dataset, results = to_coco(samples, args.categories)
        runs = {
            'coco_metric': lambda: run_ours(samples, args.categories),
            # It changes what it is given: made anew each time.
            'pycocotools': lambda d=dataset, r=results: run_plain(d, r),
        }
        for name, run in runs.items():
            taken, figures[name] = timed(run)
            seconds[name] = min(seconds[name], taken)
            print(f'{name:12} {taken:8.2f} s', flush=True)
    # Where there is nothing to be found, COCO says -1.
    ours, plain = np.nan_to_num([*figures.values()], nan=-1)
    ratio = seconds['pycocotools'] / seconds['coco_metric']
    difference = float(np.abs(ours - plain).max())
    return {
        'benchmark': 'coco_eval',
        'backend': choose_backend(),
        'pictures': args.pictures,
        'boxes': args.boxes,
        'true': args.true,
        'categories': args.categories,
        'seconds': {name: round(value, 3) for name, value in seconds.items()},
        'AP': round(float(ours[0]), 4),
        'ratio': round(ratio, 2),
        'difference': difference,
        'required': REQUIRED,
        'met': {
            'ratio': ratio >= REQUIRED['ratio'],
            'difference': difference <= REQUIRED['difference'],
        },
    }


def main() -> None:
    """Measure, and print a JSON object as the last line."""
    torch.set_num_threads(1)
    print(json.dumps(measure(parse_args())))


if __name__ == '__main__':
    main()
