"""What each way of handling imbalance does for the demo's weakest modality.

    python benchmarks/imbalance.py [--seeds 0 1 2] [--variants baseline ...]

Trains the shipped demo config with each of them, and tests the last
checkpoint with every subset of the modalities. Each run goes to
``WORK_DIR/<variant>/seed<n>``; one that is finished is not done again. Prints
the table of ``docs/imbalance.md`` and, as its last line, a JSON object.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.tridigits import run_all, scores, summary  # noqa: E402

BASE = ROOT / 'configs' / 'demo' / 'cross-attention_small_b16-20e_demo.py'
HEADS = """
    modalities=('speech', 'gesture', 'image'), in_channels=128,
    head=dict(type='ClsHead', num_classes=8)"""
SGD = """
optim_wrapper = dict(optimizer=dict(
    _delete_=True, type='SGD', lr=0.05, momentum=0.9, weight_decay=1e-4))
"""
OGM_GE = f"""
model = dict(objectives=dict(ogm_ge=dict(type='OGMGE', alpha=0.3, {HEADS})))
custom_hooks = [dict(type='OGMGEHook')]
"""
VARIANTS = {
    'baseline': '',
    'unimodal-heads': f"""
model = dict(objectives=dict(unimodal=dict(type='UnimodalHeads', {HEADS})))
""",
    'gradient-blending': f"""
model = dict(objectives=dict(blend=dict(type='GradientBlending', {HEADS})))
custom_hooks = [dict(type='GradientBlendingHook', super_epoch=4)]
""",
    'dropout-schedule': """
custom_hooks = [dict(type='ModalityDropoutSchedule', start_prob=0.0,
                     stop_prob=0.6, end=15)]
""",
    'diversity': """
model = dict(objectives=dict(diversity=dict(type='DiversityLoss')))
""",
    'ogm-ge': OGM_GE,
    'sgd': SGD,
    'sgd-ogm-ge': SGD + OGM_GE,
}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    add = parser.add_argument
    add('--variants', nargs='+', choices=VARIANTS, default=list(VARIANTS))
    add('--seeds', nargs='+', type=int, default=[0, 1, 2])
    add('--work-dir', default='work_dirs/imbalance')
    add('--jobs', type=int, default=2, help='runs at a time, a thread each')
    return parser.parse_args()


def write_config(folder: Path, variant: str) -> Path:
    """Write the config of a variant.

    Args:
        folder (Path): Where to.
        variant (str): Its name.

    Returns:
        Path: The file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f'{variant}.py'
    path.write_text(f"_base_ = ['{BASE}']\n{VARIANTS[variant]}")
    return path


def main() -> None:
    """Run what is not done yet, then print."""
    args = parse_args()
    work_dir = Path(args.work_dir).resolve()
    # All variants of a seed before the next seed.
    runs = [
        (write_config(work_dir, variant), seed, work_dir)
        for seed in args.seeds
        for variant in args.variants
    ]
    run_all([runs], args.jobs)
    table = {
        variant: summary(
            [
                scores(work_dir / variant / f'seed{seed}' / 'subsets.json')
                for seed in args.seeds
            ]
        )
        for variant in args.variants
    }
    subsets = list(table[args.variants[0]])
    print(f'| variant | {" | ".join(subsets)} |')
    print('|---' * (1 + len(subsets)) + '|')
    for variant, found in table.items():
        cells = [f'{s["mean"]:.1f} ± {s["std"]:.1f}' for s in found.values()]
        print(f'| {variant} | {" | ".join(cells)} |')
    print(
        json.dumps(
            {'benchmark': 'imbalance', 'seeds': args.seeds, 'accuracy': table}
        )
    )


if __name__ == '__main__':
    main()
