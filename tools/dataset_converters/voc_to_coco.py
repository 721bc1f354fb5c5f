"""Turn data sets of the PASCAL VOC form into one of the COCO form.

    python tools/dataset_converters/voc_to_coco.py ../shared/data/bccd \
        --out data/bccd

SOURCE holds Annotations/*.xml, JPEGImages/ and ImageSets/Main/{split}.txt;
several become one. OUT gets annotations/{split}.json, images/ and
report.json.
"""

import argparse
from pathlib import Path

from trimodal.datasets.converters import VocOptions, convert_voc_to_coco
from trimodal.datasets.converters.command_line import (
    errors_told,
    new_parser,
)
from trimodal.datasets.converters.voc_to_coco import CONVENTIONS

DEFAULTS = VocOptions()


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = new_parser(__doc__)
    add = parser.add_argument
    add('sources', type=Path, nargs='+', metavar='SOURCE')
    add('--out', type=Path, required=True, help='output folder')
    add(
        '--splits',
        nargs='+',
        default=DEFAULTS.splits,
        help='lists in ImageSets/Main; none: train, val, test if there',
    )
    add(
        '--classes',
        nargs='+',
        default=DEFAULTS.classes,
        help='in the order of their numbers; none: all found, sorted',
    )
    add(
        '--convention',
        choices=CONVENTIONS,
        default=DEFAULTS.convention,
        help='voc: pixels from 1, the last included; edges: 0 to the width',
    )
    return parser.parse_args()


def main() -> None:
    """Convert, say what was mended and what came out."""
    args = parse_args()
    with errors_told():
        options = VocOptions(
            splits=tuple(args.splits),
            classes=tuple(args.classes),
            convention=args.convention,
        )
        report = convert_voc_to_coco(args.sources, args.out, options)
    for line in report.mended:
        print(line)
    counts = (
        f'{split} {count["pictures"]} ({count["boxes"]} boxes)'
        for split, count in report.counts.items()
    )
    print(f'{args.out}:', ', '.join(counts))


if __name__ == '__main__':
    main()
