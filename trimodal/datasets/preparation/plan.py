"""From an input folder to the list of output files."""

import hashlib
import json
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trimodal.datasets.annotations import (
    AnnotationError,
    AnnotationFile,
    Fault,
    SampleAnnotation,
    load_annotations,
)
from trimodal.datasets.preparation.base import Preparer
from trimodal.datasets.splits import split_samples

logger = logging.getLogger(__name__)

ANNOTATIONS = 'annotations.json'
#: Raised whenever the same config would give other data than before.
PREPARATION_VERSION = 2
_USUAL_SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True)
class Job:
    """One packed file to be made.

    Args:
        name (str): Of the file, without its ending.
        source (str): The annotation file, relative to the input folder.
        metainfo (Mapping[str, Any]): Of the annotation file.
        root (Path): The folder that media paths are relative to.
        samples (Sequence[SampleAnnotation]): In order.
        skipped (Sequence[Fault]): Why samples of the annotation file were
            left out.
    """

    name: str
    source: str
    metainfo: Mapping[str, Any]
    root: Path
    samples: Sequence[SampleAnnotation]
    skipped: Sequence[Fault]

    def fields(self, preparers: Iterable[Preparer]) -> set[str]:
        """The media fields that will be read."""
        return {
            field
            for preparer in preparers
            for sample in self.samples
            if (field := preparer.source(sample.media)) is not None
        }

    def fingerprint(
        self, preparers: Iterable[Preparer], settings: Mapping[str, Any]
    ) -> str:
        """A hash of all that the packed file depends on.

        Args:
            preparers (Iterable[Preparer]): They tell which files are read;
                of these size and time of change count.
            settings (Mapping[str, Any]): What else counts.

        Returns:
            str: SHA-256 in hexadecimal.
        """
        digest = hashlib.sha256()
        head = [PREPARATION_VERSION, settings, dict(self.metainfo)]
        digest.update(json.dumps(head, sort_keys=True).encode())
        preparers = list(preparers)
        for sample in self.samples:
            stats = []
            for preparer in preparers:
                field = preparer.source(sample.media)
                if field is not None:
                    stats.append(_stat(self.root / sample.media[field]))
            line = json.dumps([sample.to_json(), stats], sort_keys=True)
            digest.update(line.encode())
        return digest.hexdigest()

    def shard(self, index: int, count: int) -> 'Job':
        """The ``index``-th of ``count`` consecutive parts."""
        size = len(self.samples)
        start, stop = index * size // count, (index + 1) * size // count
        return replace(
            self,
            name=f'{self.name}-{index:05d}-of-{count:05d}',
            samples=self.samples[start:stop],
        )


def plan_jobs(
    source: Path,
    *,
    ratios: Mapping[str, float] | None = None,
    seed: int = 0,
    skip_bad: bool = False,
    media_fields: Collection[str] | None = None,
) -> list[Job]:
    """Read and check all the annotations of an input folder.

    Args:
        source (Path): A folder with one ``annotations.json`` in each of its
            sub-folders, or one in itself if ``ratios`` are given.
        ratios (Mapping[str, float], optional): Shares of the splits to be
            made. Defaults to None: the sub-folders are the splits.
        seed (int): Of the splitting. Defaults to 0.
        skip_bad (bool): Leave bad samples out. Defaults to False.
        media_fields (Collection[str], optional): Fields whose files must
            exist. Defaults to None: all.

    Returns:
        list[Job]: One a split.

    Raises:
        FileNotFoundError: If there is no annotation file where one must be.
        AnnotationError: With the faults of all the files.
        ValueError: If a split would have no sample.
    """
    paths = _annotation_files(source, whole=ratios is not None)
    files, faults = _load_all(source, paths, skip_bad, media_fields)
    jobs = [
        Job(
            name,
            paths[name].relative_to(source).as_posix(),
            file.metainfo,
            file.root,
            file.samples,
            faults[name],
        )
        for name, file in files.items()
    ]
    if ratios is not None:
        (whole,) = jobs
        parts = split_samples(whole.samples, ratios, seed)
        jobs = [
            replace(
                whole, name=name, samples=[whole.samples[i] for i in indices]
            )
            for name, indices in parts.items()
        ]
    else:
        _warn_of_shared_groups(jobs)
    for job in jobs:
        if not job.samples:
            raise ValueError(f'{source}: no good sample for {job.name!r}')
    return jobs


def _annotation_files(source: Path, whole: bool) -> dict[str, Path]:
    if whole:
        if not (source / ANNOTATIONS).is_file():
            raise FileNotFoundError(
                f'no {ANNOTATIONS} in {source}, which split ratios divide'
            )
        return {'': source / ANNOTATIONS}
    found = {p.parent.name: p for p in source.glob(f'*/{ANNOTATIONS}')}
    if not found:
        hint = (
            ': to divide the one that lies in it, give split ratios'
            if (source / ANNOTATIONS).is_file()
            else ''
        )
        raise FileNotFoundError(
            f'no {ANNOTATIONS} in any sub-folder of {source}{hint}'
        )
    usual = [name for name in _USUAL_SPLITS if name in found]
    others = sorted(set(found) - set(usual))
    return {name: found[name] for name in [*usual, *others]}


def _load_all(
    source: Path,
    paths: Mapping[str, Path],
    skip_bad: bool,
    media_fields: Collection[str] | None,
) -> tuple[dict[str, AnnotationFile], dict[str, list[Fault]]]:
    """Load every file before any fault is raised."""
    files: dict[str, AnnotationFile] = {}
    faults: dict[str, list[Fault]] = {}
    fatal = False
    for name, path in paths.items():
        try:
            file, found = load_annotations(
                path, skip_bad=True, media_fields=media_fields
            )
        except AnnotationError as error:
            fatal, found = True, error.faults
        else:
            files[name] = file
        faults[name] = [
            replace(f, sample_id=f'{name}/{f.sample_id}') if name else f
            for f in found
        ]
    _check_across(files, faults)
    everything = [fault for found in faults.values() for fault in found]
    if fatal or (everything and not skip_bad):
        raise AnnotationError(str(source), everything)
    return files, faults


def _check_across(
    files: dict[str, AnnotationFile], faults: Mapping[str, list[Fault]]
) -> None:
    """Note ids that two splits share; the later split loses the sample."""
    owner: dict[str, str] = {}
    for name, file in files.items():
        kept = []
        for sample in file.samples:
            first = owner.setdefault(sample.id, name)
            if first == name:
                kept.append(sample)
                continue
            faults[name].append(
                Fault(
                    f'{name}/{sample.id}',
                    'id',
                    sample.id,
                    f'is in split {first!r} too',
                )
            )
        files[name] = replace(file, samples=kept)


def _warn_of_shared_groups(jobs: Sequence[Job]) -> None:
    owner: dict[str, str] = {}
    for job in jobs:
        groups = {s.group for s in job.samples if s.group is not None}
        for group in sorted(groups):
            first = owner.setdefault(group, job.name)
            if first != job.name:
                logger.warning(
                    'group %r is in %s and in %s: results will look better '
                    'than they are',
                    group,
                    first,
                    job.name,
                )


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns
