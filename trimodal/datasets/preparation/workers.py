"""Worker processes that prepare chunks, and survive what files do to them."""

import multiprocessing
import signal
import traceback
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from trimodal.datasets.annotation_types import SampleAnnotation
from trimodal.datasets.preparation.base import (
    MediaError,
    Prepared,
    Preparer,
)
from trimodal.datasets.preparation.chunks import ChunkStore, PreparedSample
from trimodal.datasets.preparation.sample import prepare_sample


@dataclass(frozen=True)
class Setup:
    """What every worker starts from.

    Args:
        preparers (Mapping[str, Preparer]): By modality.
        root (Path): The folder that media paths are relative to.
        store (ChunkStore): Where finished chunks go.
    """

    preparers: Mapping[str, Preparer]
    root: Path
    store: ChunkStore


#: (sample id, modality) that ended a process, and how.
Deadly = dict[tuple[str, str], str]
Chunk = tuple[int, Sequence[SampleAnnotation]]


class _ParentGone(BaseException):
    """Not an Exception: it must not pass for the fault of a file."""


class _Guarded(Preparer):
    """Tells what is about to be read, and refuses what ended a process."""

    def __init__(
        self, modality: str, preparer: Preparer, connection: Connection
    ) -> None:
        self.modality = modality
        self.preparer = preparer
        self.connection = connection
        self.deadly: Deadly = {}
        self.fields = preparer.fields
        self.empty_reason = preparer.empty_reason

    def __call__(
        self, path: Path, field: str, annotation: SampleAnnotation
    ) -> Prepared | None:
        key = (annotation.id, self.modality)
        if key in self.deadly:
            raise MediaError(self.deadly[key])
        try:
            self.connection.send(('at', key))
        except ConnectionError as error:
            raise _ParentGone from error
        return self.preparer(path, field, annotation)

    def source(self, media: Mapping[str, str]) -> str | None:
        return self.preparer.source(media)


def prepare_chunk(
    chunk: Sequence[SampleAnnotation],
    root: Path,
    preparers: Mapping[str, Preparer],
) -> list[PreparedSample]:
    """Prepare some samples, one after the other."""
    return [
        PreparedSample(*prepare_sample(annotation, root, preparers))
        for annotation in chunk
    ]


def _work(connection: Connection, setup: Setup) -> None:
    """Prepare the chunks that come in until the connection closes."""
    # Ctrl-C is the parent's to handle; it ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        preparers = {
            modality: _Guarded(modality, preparer, connection)
            for modality, preparer in setup.preparers.items()
        }
        while True:
            index, chunk, deadly = connection.recv()
            for preparer in preparers.values():
                preparer.deadly = deadly
            prepared = prepare_chunk(chunk, setup.root, preparers)
            setup.store.save(index, prepared)
            connection.send(('done', len(chunk)))
    except (EOFError, ConnectionError, _ParentGone):
        return
    except Exception:
        connection.send(('failed', traceback.format_exc()))


@dataclass
class _Worker:
    """The parent's side of one worker process."""

    process: BaseProcess
    connection: Connection
    chunk: Chunk | None = None
    at: tuple[str, str] | None = None


@dataclass
class WorkerPool:
    """Runs chunks through worker processes.

    Args:
        setup (Setup): What the workers start from.
        count (int): Number of processes.

    A process that dies over a file (a decoder's crash, lack of memory) is
    replaced, its chunk is tried again, and a file that ended two processes
    is left out of it.
    """

    setup: Setup
    count: int
    _workers: list[_Worker] = field(default_factory=list)
    _deadly: Deadly = field(default_factory=dict)
    _suspects: set[tuple[str, str]] = field(default_factory=set)

    def run(self, chunks: Sequence[Chunk]) -> Iterator[int]:
        """Prepare and store chunks.

        Args:
            chunks (Sequence[Chunk]): Index and samples.

        Yields:
            int: The number of samples of a chunk that was stored.

        Raises:
            RuntimeError: If a worker fails for another reason than a file.
        """
        todo = deque(chunks)
        try:
            for _ in range(min(self.count, len(todo))):
                self._start()
            while todo or any(w.chunk for w in self._workers):
                for worker in self._workers:
                    if worker.chunk is None and todo:
                        self._give(worker, todo.popleft())
                yield from self._listen(todo)
        finally:
            self._stop()

    def _start(self) -> None:
        context = _context()
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_work, args=(theirs, self.setup), daemon=True
        )
        process.start()
        theirs.close()  # so that the worker's end shows when it dies
        self._workers.append(_Worker(process, ours))

    def _give(self, worker: _Worker, chunk: Chunk) -> None:
        worker.chunk, worker.at = chunk, None
        try:
            worker.connection.send((*chunk, self._deadly))
        except ConnectionError:
            return  # it died idle; _listen finds out

    def _listen(self, todo: deque[Chunk]) -> Iterator[int]:
        ready = wait([w.connection for w in self._workers if w.chunk])
        for worker in [w for w in self._workers if w.connection in ready]:
            try:
                kind, value = worker.connection.recv()
            except (EOFError, ConnectionError):
                self._bury(worker, todo)
                continue
            if kind == 'at':
                worker.at = value
            elif kind == 'failed':
                raise RuntimeError(f'a worker failed:\n{value}')
            else:
                worker.chunk = None
                yield value

    def _bury(self, worker: _Worker, todo: deque[Chunk]) -> None:
        """Replace a dead worker and have its chunk done again."""
        worker.process.join()
        self._workers.remove(worker)
        reason = _ending(worker.process.exitcode)
        if worker.at is None:
            raise RuntimeError(f'a worker {reason} before it read any file')
        if worker.at in self._suspects:
            self._deadly[worker.at] = f'the process that read it {reason}'
        self._suspects.add(worker.at)
        assert worker.chunk is not None
        todo.appendleft(worker.chunk)
        self._start()

    def _stop(self) -> None:
        for worker in self._workers:
            worker.connection.close()
            if worker.chunk is not None:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join()
        self._workers.clear()


def _context() -> Any:
    """Clean processes: a plain fork would copy locks that threads hold."""
    if 'forkserver' not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context('spawn')
    context = multiprocessing.get_context('forkserver')
    # The imports are then paid for once, not by every worker.
    context.set_forkserver_preload([__name__])
    return context


def _ending(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f'was killed by {signal.Signals(-exitcode).name}'
    return f'ended with status {exitcode}'
