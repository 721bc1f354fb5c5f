"""Where a metric's files go, and how its tables look."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mmengine.logging import MessageHub, MMLogger
from rich import box
from rich.console import Console
from rich.table import Table

Cell = str | int | float
# Where mmengine's message hub keeps the part that is being evaluated.
PART = 'report_part'


@contextmanager
def reports_of(part: str | None) -> Iterator[None]:
    """Name the reports that are written inside after a part of the whole.

    So that a test of several parts, such as subsets of the modalities, keeps
    the files of each.

    Args:
        part (str | None): The part; None for the whole, which is not named.
    """
    hub = MessageHub.get_current_instance()
    hub.update_info(PART, part, resumed=False)
    try:
        yield
    finally:
        hub.pop_info(PART)


def with_part(name: str) -> str:
    """Put the part that is being evaluated before a file's name."""
    part = MessageHub.get_current_instance().runtime_info.get(PART)
    return f'{part}_{name}' if part else name


def report_path(
    name: str, suffix: str, out_dir: str | Path | None = None
) -> Path | None:
    """Name the file of a report: ``{folder}/{stage}_{part}_{name}{suffix}``.

    The stage is ``val`` or ``test`` inside mmengine's loops, the part that of
    :func:`reports_of`; elsewhere they are left out. So a test never
    overwrites what a validation wrote.

    Args:
        name (str): What the report is; a ``/`` becomes ``_``.
        suffix (str): The file's suffix, with its dot.
        out_dir (str | Path | None): The folder, made if need be. Defaults to
            None: the folder of the current log file.

    Returns:
        Path | None: None where there is neither a folder nor a log file.
    """
    if out_dir is None:
        log_file = MMLogger.get_current_instance().log_file
        if log_file is None:
            return None
        out_dir = Path(log_file).parent
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    stage = MessageHub.get_current_instance().runtime_info.get('loop_stage')
    stem = with_part(name.replace('/', '_'))
    return folder / f'{f"{stage}_{stem}" if stage else stem}{suffix}'


def write_csv(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> None:
    """Write a table as UTF-8 CSV."""
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def text_table(
    header: Sequence[str], rows: Iterable[Sequence[Cell]], digits: int = 4
) -> str:
    """Lay out an aligned table, in Markdown, so that it can be pasted.

    Text stands left, numbers right; wide (e.g. Chinese) letters count
    double.

    Args:
        header (Sequence[str]): Names of the columns.
        rows (Iterable[Sequence[Cell]]): The cells, as many as ``header``.
        digits (int): Decimal places of a float. Defaults to 4.

    Returns:
        str: The lines, without a newline at the end.

    Examples:
        >>> from trimodal.evaluation.reports import text_table
        >>> print(text_table(['class', 'f1'], [['zero', 0.5], ['one', 1.0]]))
        | class |     f1 |
        |-------|--------|
        | zero  | 0.5000 |
        | one   | 1.0000 |
    """
    rows = [list(row) for row in rows]
    table = Table(box=box.MARKDOWN, pad_edge=True)
    for i, name in enumerate(header):
        text = any(isinstance(row[i], str) for row in rows)
        table.add_column(
            name, justify='left' if text else 'right', no_wrap=True
        )
    for row in rows:
        table.add_row(*(_format(cell, digits) for cell in row))
    out = io.StringIO()
    # Markup off: a class may be called '[red]'. Rich would also fold the
    # table to the terminal, so its width is what the table asks for.
    console = Console(file=out, markup=False, emoji=False, width=100_000)
    console.print(table, crop=False, highlight=False)
    return '\n'.join(
        line.strip() for line in out.getvalue().split('\n') if line.strip()
    )


def _format(cell: Cell, digits: int) -> str:
    return f'{cell:.{digits}f}' if isinstance(cell, float) else str(cell)
