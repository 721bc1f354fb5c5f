"""The data set over media files: no preparation, but slow to read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.config import ConfigDict
from mmengine.logging import MMLogger

from trimodal.datasets.annotations import (
    AnnotationFile,
    Fault,
    load_annotations,
)
from trimodal.datasets.base import TriModalDataset
from trimodal.datasets.info import KEYS
from trimodal.datasets.packed.columns import AnnotationTable
from trimodal.datasets.preparation import (
    Preparer,
    build_preparers,
    prepare_sample,
)
from trimodal.datasets.source import Streams
from trimodal.registry import DATASETS


class RawSource:
    """Samples that are prepared each time they are read.

    Args:
        file (AnnotationFile): The samples.
        preparation (Mapping[str, Any]): A preparer, or its config, for each
            modality.
        modalities (Sequence[str] | None): In which order they are given; a
            sample never has one without a preparer. Defaults to None: those
            of ``preparation``.
        cache (bool): Keep what was prepared in memory, in each process that
            reads. Defaults to False.
    """

    def __init__(
        self,
        file: AnnotationFile,
        preparation: Mapping[str, Any],
        modalities: Sequence[str] | None = None,
        cache: bool = False,
    ) -> None:
        self.metainfo = file.metainfo
        self.root = file.root
        self.preparers = build_preparers(preparation)
        self.modalities = tuple(modalities or self.preparers)
        ready = any(isinstance(p, Preparer) for p in preparation.values())
        self.preparation: dict[str, Any] = (
            {} if ready else {'modalities': ConfigDict(preparation).to_dict()}
        )
        self.table = AnnotationTable.of(file.samples)
        self.attributes: dict[str, dict[str, Any]] = {
            name: {} for name in self.modalities
        }
        nobody = np.zeros(len(file.samples), bool)
        self._has = dict.fromkeys(self.modalities, nobody)
        for name, preparer in self.preparers.items():
            self.attributes[name] = {**preparer.attributes}
            found = [preparer.source(sample.media) for sample in file.samples]
            self._has[name] = np.array([f is not None for f in found], bool)
            # What it must fetch comes before there are workers.
            preparer.require({f for f in found if f is not None})
        self._warned: set[tuple[str, str]] = set()
        self._kept: dict[int, tuple[dict[str, Any], Streams]] | None = (
            {} if cache else None
        )

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what is kept: each process reads for itself."""
        return self.__dict__ | {'_kept': None if self._kept is None else {}}

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.table)

    def labels(self) -> np.ndarray:
        """Int64 ``[N]``, -1 where there is none."""
        return self.table.labels

    def has(self, name: str) -> np.ndarray:
        """Bool ``[N]``: who has a field, or a media file of a modality."""
        return self._has[name] if name in self._has else self.table.has(name)

    def fields(self, i: int) -> dict[str, Any]:
        """The fields that sample ``i`` has; boxes as annotated."""
        return self.table.fields(i)

    def read(self, i: int) -> tuple[dict[str, Any], Streams]:
        """Prepare sample ``i``; boxes are those of the prepared image."""
        if self._kept is None:
            return self._prepare(i)
        if i not in self._kept:
            self._kept[i] = self._prepare(i)
            for arrays in self._kept[i][1].values():
                for array in (arrays or {}).values():
                    array.flags.writeable = False
        fields, streams = self._kept[i]
        return {**fields}, {**streams}

    def _prepare(self, i: int) -> tuple[dict[str, Any], Streams]:
        annotation, arrays, problems = prepare_sample(
            self.table.annotation(i), self.root, self.preparers
        )
        for problem in problems:
            self._warn(problem.sample_id, problem.modality, problem.reason)
        fields = {
            name: value
            for name in KEYS
            if (value := getattr(annotation, name)) is not None
        }
        if not annotation.metadata:
            del fields['metadata']
        return fields, {name: arrays.get(name) for name in self.modalities}

    def _warn(self, sample: str, modality: str, reason: str) -> None:
        """Say it once, not in every epoch."""
        if (sample, modality) not in self._warned:
            self._warned.add((sample, modality))
            MMLogger.get_current_instance().warning(
                'sample %r has no %s: %s', sample, modality, reason
            )


@DATASETS.register_module()
class RawTriModalDataset(TriModalDataset):
    """Samples out of media files, prepared each time they are read.

    It gives the same samples as :class:`PackedTriModalDataset` over a file
    that ``tools/prepare_data.py`` made with the same ``preparation``, so a
    config can swap the two by ``type``. For a look at new data and for
    inference; training reads packed files hundreds of times as fast.

    A file that cannot be used costs its sample that modality, with a
    warning. ``filter_cfg`` goes by the annotations: a video counts as there
    even if no hand will be found in it.

    Args:
        ann_file (str): ``annotations.json``; media paths are relative to it.
        preparation (Mapping[str, Any]): A preparer for each modality, as
            ``modalities`` of ``configs/_base_/preprocessing/default.py``.
        data_root (str): Folder that ``ann_file`` is relative to. Defaults to
            ''.
        modalities (Sequence[str] | None): The modalities to read, of those
            in ``preparation``. None reads all. Defaults to None.
        skip_bad (bool): Leave samples with faulty annotations out, with a
            warning, instead of raising. Defaults to False.
        cache (bool): Keep what was prepared in memory, in each process that
            reads: for sets of some hundred samples. Defaults to False.
        pipeline (Sequence[dict | Callable]): See :class:`TriModalDataset`,
            as for the arguments that follow. Defaults to ().
        metainfo (Mapping[str, Any] | None): Defaults to None.
        filter_cfg (Mapping[str, Any] | None): Defaults to None.
        indices (int | Sequence[int] | None): Defaults to None.
        seed (int): Defaults to 0.
        extras (Sequence[str]): Defaults to ('score',).
        test_mode (bool): Defaults to False.
        lazy_init (bool): Defaults to False.

    Raises:
        ValueError: If an argument or the annotations are not as described.
    """

    def __init__(
        self,
        ann_file: str,
        preparation: Mapping[str, Any],
        data_root: str = '',
        modalities: Sequence[str] | None = None,
        skip_bad: bool = False,
        cache: bool = False,
        pipeline: Sequence[dict | Callable] = (),
        metainfo: Mapping[str, Any] | None = None,
        filter_cfg: Mapping[str, Any] | None = None,
        indices: int | Sequence[int] | None = None,
        seed: int = 0,
        extras: Sequence[str] = ('score',),
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        unknown = set(modalities or ()) - set(preparation)
        if unknown:
            raise ValueError(
                f'modalities {sorted(unknown)} have no preparer; preparation '
                f'has {[*preparation]}'
            )
        chosen = preparation if modalities is None else modalities
        self.preparation = {name: preparation[name] for name in chosen}
        self.skip_bad = skip_bad
        self.cache = cache
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            modalities=modalities,
            pipeline=pipeline,
            metainfo=metainfo,
            filter_cfg=filter_cfg,
            indices=indices,
            seed=seed,
            extras=extras,
            test_mode=test_mode,
            lazy_init=lazy_init,
        )

    def open_source(self) -> RawSource:
        """Read and check the annotations."""
        path = single_file(self.ann_file)
        preparers = build_preparers(self.preparation)
        fields = {name for p in preparers.values() for name in p.fields}
        file, faults = load_annotations(
            path, skip_bad=self.skip_bad, media_fields=fields
        )
        warn_of_faults(path, faults)
        return RawSource(file, self.preparation, cache=self.cache)


def single_file(ann_file: Any) -> str:
    """The annotation file, which may not be several.

    Raises:
        ValueError: If it is no path.
    """
    if not isinstance(ann_file, str):
        raise ValueError(
            f'ann_file must be one annotation file, got {ann_file}'
        )
    return ann_file


def warn_of_faults(path: str, faults: Sequence[Fault]) -> None:
    """Say in the log which samples were left out, and why."""
    if faults:
        MMLogger.get_current_instance().warning(
            '%s: left out for their faults: %s',
            path,
            '; '.join(map(str, faults)),
        )
