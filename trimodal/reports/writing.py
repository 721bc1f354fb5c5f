"""Writes the report of a run into its work folder."""

from collections.abc import Sequence
from pathlib import Path

from trimodal.reports.collecting import collect_report
from trimodal.reports.html import to_html
from trimodal.reports.markdown import grid, to_markdown
from trimodal.utils.saving import save_bytes
from trimodal.visualization.figure import save

FORMATS = ('md', 'html')
PICTURE = 'report.png'  # beside report.md


def write_report(
    work_dir: str | Path,
    formats: Sequence[str] = FORMATS,
    out_dir: str | Path | None = None,
) -> list[Path]:
    """Write the report of a run.

    Args:
        work_dir (str | Path): Work folder of a run: finished, interrupted,
            still running, or resumed any number of times.
        formats (Sequence[str]): Of ``'md'`` and ``'html'``. Defaults to
            both.
        out_dir (str | Path | None): Where to write. Defaults to None: the
            work folder.

    Returns:
        list[Path]: ``report.md`` and ``report.html``, in that order.

    Raises:
        ValueError: If a format is unknown, or nothing was logged yet.
        FileNotFoundError: If ``work_dir`` holds no training.
    """
    check_formats(formats)
    report = collect_report(work_dir)
    folder = Path(work_dir if out_dir is None else out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    texts = {}
    if 'md' in formats:
        save(grid([p.pixels for p in report.pictures()]), folder / PICTURE)
        texts[folder / 'report.md'] = to_markdown(report, PICTURE)
    if 'html' in formats:
        texts[folder / 'report.html'] = to_html(report)
    for path, text in texts.items():
        # Whoever reads meanwhile gets the old page or the new one, whole.
        save_bytes(text.encode(), path)
    return list(texts)


def check_formats(formats: Sequence[str]) -> None:
    """Raise unless each is one that can be written.

    Raises:
        ValueError: If one is not.
    """
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown or isinstance(formats, str):
        raise ValueError(
            f'formats must be a list of some of {list(FORMATS)}, got '
            f'{formats!r}'
        )
