"""What a run made of its files: ``report.json`` and what it is made from."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trimodal.datasets.preparation.base import Preparer
from trimodal.datasets.preparation.chunks import PreparedSample
from trimodal.datasets.preparation.plan import Job

REPORT = 'report.json'
FOLDER = 'reports'


class JobReport:
    """Counts what became of each sample of one output file.

    Args:
        job (Job): The file that is made.
        preparers (Mapping[str, Preparer]): By modality.
        versions (Mapping[str, str]): What else the data depends on.
    """

    def __init__(
        self,
        job: Job,
        preparers: Mapping[str, Preparer],
        versions: Mapping[str, str],
    ) -> None:
        self.job = job
        self.preparers = preparers
        self.versions = versions
        self.counts = {modality: Counter[str]() for modality in preparers}
        self.problems: list[dict[str, str]] = []

    def add(self, sample: PreparedSample) -> None:
        """Count one sample."""
        lost = {problem.modality: problem.kind for problem in sample.problems}
        for modality, arrays in sample.arrays.items():
            state = 'present' if arrays else lost.get(modality, 'missing')
            self.counts[modality][state] += 1
        self.problems += [asdict(problem) for problem in sample.problems]

    def summary(self) -> dict[str, Any]:
        """The report as JSON.

        ``modalities`` counts the samples that have a modality (present),
        name no file for it (missing), name a sound file with nothing in it
        (empty) or one that can't be used (unreadable).
        """
        states = ('present', 'missing', 'empty', 'unreadable')
        return {
            'annotations': self.job.source,
            'num_samples': len(self.job.samples),
            'modalities': {
                modality: {state: counts[state] for state in states}
                for modality, counts in self.counts.items()
            },
            'problems': self.problems,
            'skipped': [asdict(fault) for fault in self.job.skipped],
            'versions': dict(self.versions),
        }


def is_finished(output: Path, name: str, fingerprint: str) -> bool:
    """Whether a packed file is whole and was made from the same things."""
    target = output / f'{name}.h5'
    try:
        report = json.loads(_path(output, name).read_text(encoding='utf-8'))
        size = target.stat().st_size
    except (OSError, ValueError):
        return False
    return report.get('fingerprint') == fingerprint and (
        report.get('bytes') == size
    )


def write_report(
    output: Path, name: str, fingerprint: str, summary: Mapping[str, Any]
) -> None:
    """Keep the report of one finished packed file."""
    size = (output / f'{name}.h5').stat().st_size
    _write(
        _path(output, name),
        {'fingerprint': fingerprint, 'bytes': size, **summary},
    )


def collect_reports(output: Path) -> dict[str, Any]:
    """Write ``report.json`` from the reports of all the finished files.

    Shards made at the same time each do so; whoever finds afterwards that
    another has come in the meantime does it again.

    Args:
        output (Path): The output folder.

    Returns:
        dict[str, Any]: The report: ``files`` by name.
    """
    while True:
        names = _finished(output)
        files = {
            f'{name}.h5': json.loads(
                _path(output, name).read_text(encoding='utf-8')
            )
            for name in names
        }
        report = {'files': files}
        _write(output / REPORT, report)
        if _finished(output) == names:
            return report


def describe(summary: Mapping[str, Any]) -> Iterable[str]:
    """The summary of one file as lines for a log."""
    for modality, counts in summary['modalities'].items():
        states = ', '.join(f'{n} {state}' for state, n in counts.items() if n)
        yield f'{modality}: {states}'
    if summary['skipped']:
        yield f'{len(summary["skipped"])} fault(s) in skipped samples'


def _finished(output: Path) -> list[str]:
    return sorted(
        path.stem
        for path in (output / FOLDER).glob('*.json')
        if (output / f'{path.stem}.h5').is_file()
    )


def _path(output: Path, name: str) -> Path:
    return output / FOLDER / f'{name}.json'


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f'.{path.name}-{os.getpid()}')
    text = json.dumps(content, indent=1, ensure_ascii=False, default=str)
    unfinished.write_text(text + '\n', encoding='utf-8')
    unfinished.replace(path)
