"""The report of a run from what it left in its work folder."""

from collections.abc import Sequence
from pathlib import Path

from trimodal.reports import facts
from trimodal.reports.environment import environment_tables
from trimodal.reports.parts import Part, Report, Section
from trimodal.reports.results import (
    best_table,
    curve_pictures,
    epoch_table,
)
from trimodal.reports.tested import test_tables
from trimodal.visualization.scalars import load_scalars


def collect_report(work_dir: str | Path) -> Report:
    """Gather all that a report shows.

    Args:
        work_dir (str | Path): Work folder of a run: finished, interrupted,
            still running, or resumed any number of times.

    Returns:
        Report: Ready to be written.

    Raises:
        FileNotFoundError: If nothing of a training is in there.
        ValueError: If it has not logged anything yet.
    """
    folder = Path(work_dir)
    if not folder.is_dir():
        raise FileNotFoundError(f'there is no folder {folder}')
    scalars = load_scalars(folder)
    config = facts.load_config(folder)
    parts: dict[str, Sequence[Part | None]] = {
        'Results': [best_table(scalars), *test_tables(folder)],
        'Curves': curve_pictures(scalars),
        f'Metrics by {scalars.unit}': [epoch_table(scalars)],
        'Run': [facts.summary_table(folder, scalars, config)],
        'Environment': environment_tables(folder),
        'Checkpoints': [facts.checkpoint_table(folder)],
        'Config': [facts.config_text(config)],
    }
    sections = [
        Section(title, [part for part in found if part is not None])
        for title, found in parts.items()
        if any(part is not None for part in found)
    ]
    return Report(run_title(folder), sections)


def run_title(folder: Path) -> str:
    """The name of a run: of its folder, with what tells runs of it apart.

    Examples:
        >>> from pathlib import Path
        >>> from trimodal.reports.collecting import run_title
        >>> run_title(Path('work_dirs/concat')), run_title(Path('a/seed0'))
        ('concat', 'a/seed0')
    """
    path = folder.resolve()
    alone = folder.parent.name in ('', 'work_dirs')
    return path.name if alone else f'{path.parent.name}/{path.name}'
