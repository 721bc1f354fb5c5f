"""The whole preparation: an input folder in, packed files and a report out."""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trimodal.datasets.packed import PackedWriter
from trimodal.datasets.preparation import report
from trimodal.datasets.preparation.base import Preparer
from trimodal.datasets.preparation.chunks import ChunkStore
from trimodal.datasets.preparation.plan import Job, plan_jobs
from trimodal.datasets.preparation.progress import RunProgress
from trimodal.datasets.preparation.sample import build_preparers
from trimodal.datasets.preparation.workers import (
    Chunk,
    Setup,
    WorkerPool,
    prepare_chunk,
)
from trimodal.version import __version__

logger = logging.getLogger(__name__)

# A chunk is what an interrupted run loses per worker; a thousand of them
# are still few files.
_CHUNKS = 1000
_SMALLEST_CHUNK = 4


def prepare_dataset(
    source: str | Path,
    output: str | Path,
    modalities: Mapping[str, Any],
    *,
    workers: int | None = None,
    ratios: Mapping[str, float] | None = None,
    seed: int = 0,
    skip_bad: bool = False,
    shards: int = 1,
    shard_index: int | None = None,
) -> dict[str, Any]:
    """Prepare every split of an input folder.

    What is finished is not done again, neither whole files nor, after an
    interruption, chunks of one; both as long as config and input stay the
    same.

    Args:
        source (str | Path): The input folder.
        output (str | Path): Gets one packed file a split or shard.
        modalities (Mapping[str, Any]): Config of a preparer by modality.
        workers (int, optional): Processes; 0 works in this one, without a
            guard against decoders that crash. Defaults to None: as many as
            there are cores to run on.
        ratios (Mapping[str, float], optional): Shares of the splits to be
            made. Defaults to None: the sub-folders are the splits.
        seed (int): Of the splitting. Defaults to 0.
        skip_bad (bool): Leave badly annotated samples out. Defaults to
            False.
        shards (int): Files a split. Defaults to 1.
        shard_index (int, optional): Make only this one of them. Defaults to
            None: all.

    Returns:
        dict[str, Any]: What ``report.json`` holds.

    Raises:
        ValueError: If an argument is out of range.
        AnnotationError: If an annotation is bad, with all the faults.
    """
    workers = _check(workers, shards, shard_index)
    _check_plain(modalities)
    source, output = Path(source), Path(output)
    preparers = build_preparers(modalities)
    fields = {name for p in preparers.values() for name in p.fields}
    splits = plan_jobs(
        source,
        ratios=ratios,
        seed=seed,
        skip_bad=skip_bad,
        media_fields=fields,
    )
    jobs = [(job, _shards(job, shards, shard_index)) for job in splits]
    output.mkdir(parents=True, exist_ok=True)
    run = _Run(output, dict(modalities), preparers, workers)
    for whole, parts in jobs:
        versions = run.require(whole)
        for part in parts:
            run.make(part, versions)
    return report.collect_reports(output)


class _Run:
    """What holds for all the files of a run."""

    def __init__(
        self,
        output: Path,
        modalities: dict[str, Any],
        preparers: Mapping[str, Preparer],
        workers: int,
    ) -> None:
        self.output = output
        self.modalities = modalities
        self.preparers = preparers
        self.workers = workers

    def require(self, split: Job) -> dict[str, str]:
        """Fetch what a split needs; the same for all of its shards."""
        fields = split.fields(self.preparers.values())
        versions = {'trimodal': __version__}
        for preparer in self.preparers.values():
            versions |= preparer.require(fields)
        return versions

    def make(self, job: Job, versions: Mapping[str, str]) -> None:
        """Make one packed file, unless it is there."""
        preparers = self.preparers
        settings = {'modalities': self.modalities, 'versions': versions}
        fingerprint = job.fingerprint(preparers.values(), settings)
        if report.is_finished(self.output, job.name, fingerprint):
            logger.info('%s.h5 is finished already', job.name)
            return
        store = ChunkStore(self.output, job.name, fingerprint)
        chunks = _chunks(job)
        self._prepare(job, chunks, store)
        counts = report.JobReport(job, preparers, versions)
        with PackedWriter(
            self.output / f'{job.name}.h5',
            {name: p.attributes for name, p in preparers.items()},
            job.metainfo,
            settings,
        ) as writer:
            for sample in store.load(len(chunks)):
                writer.append(sample.annotation, sample.arrays)
                counts.add(sample)
        summary = counts.summary()
        report.write_report(self.output, job.name, fingerprint, summary)
        store.remove()
        for line in report.describe(summary):
            logger.info('%s.h5: %s', job.name, line)

    def _prepare(
        self,
        job: Job,
        chunks: list[Chunk],
        store: ChunkStore,
    ) -> None:
        todo = [chunk for chunk in chunks if not store.has(chunk[0])]
        left = sum(len(samples) for _, samples in todo)
        total = len(job.samples)
        if left < total:
            logger.info(
                '%s: going on after %d of %d', job.name, total - left, total
            )
        with RunProgress(job.name, total, total - left) as progress:
            if self.workers:
                setup = Setup(self.preparers, job.root, store)
                for count in WorkerPool(setup, self.workers).run(todo):
                    progress.advance(count)
                return
            for index, samples in todo:
                store.save(
                    index, prepare_chunk(samples, job.root, self.preparers)
                )
                progress.advance(len(samples))


def _check(workers: int | None, shards: int, shard_index: int | None) -> int:
    if workers is None:
        workers = (
            len(os.sched_getaffinity(0))
            if hasattr(os, 'sched_getaffinity')
            else os.cpu_count() or 1
        )
    if workers < 0:
        raise ValueError(f'workers must be at least 0, got {workers!r}')
    if shards < 1:
        raise ValueError(f'shards must be at least 1, got {shards!r}')
    if shard_index is not None and not 0 <= shard_index < shards:
        raise ValueError(
            f'shard_index must lie in 0..{shards - 1}, got {shard_index!r}'
        )
    return workers


def _check_plain(modalities: Mapping[str, Any]) -> None:
    try:
        json.dumps(modalities)
    except TypeError as error:
        raise ValueError(
            f'modalities must be plain configs, got {modalities!r}: {error}'
        ) from error


def _shards(job: Job, shards: int, shard_index: int | None) -> list[Job]:
    if shards > len(job.samples):
        raise ValueError(
            f'{len(job.samples)} sample(s) of {job.name!r} can not fill '
            f'{shards} shards'
        )
    if shards == 1:
        return [job]
    indices = range(shards) if shard_index is None else [shard_index]
    return [job.shard(index, shards) for index in indices]


def _chunks(job: Job) -> list[Chunk]:
    size = max(_SMALLEST_CHUNK, len(job.samples) // _CHUNKS)
    starts = range(0, len(job.samples), size)
    return [
        (index, job.samples[start : start + size])
        for index, start in enumerate(starts)
    ]
