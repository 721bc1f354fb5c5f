"""A report with every kind of part, and letters that mean something."""

import numpy as np

from trimodal.reports.parts import (
    Code,
    Picture,
    Report,
    Section,
    Table,
    Text,
)

NASTY = 'a|b <c> & *d* "e" [f] `g`'


def new_report() -> Report:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (4, 6, 3), np.uint8)
    rows = [[NASTY, 0.5, 'x'], ['second', float('nan'), NASTY]]
    return Report(
        NASTY,
        [
            Section('Metrics by epoch', [Table(NASTY, ['n', 'v', 't'], rows)]),
            Section(
                'Curves',
                [
                    Picture('p', NASTY, pixels),
                    Picture('q', 'second', pixels),
                    Text(NASTY),
                ],
            ),
            Section('Config', [Code('All of it', f"a = '''{NASTY}'''")]),
        ],
    )
