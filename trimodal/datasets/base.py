"""What the data set over packed files and the one over raw media share."""

import copy
import operator
import os
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset, Compose
from torch.utils.data import get_worker_info

from trimodal.datasets.info import (
    check_encodings,
    merge_metainfo,
    put_annotation,
    put_stream,
)
from trimodal.datasets.seeding import RepeatedIndex, SampleSeed
from trimodal.datasets.source import Source, choose_rows, pick_rows
from trimodal.registry import TRANSFORMS
from trimodal.utils import build


class TriModalDataset(BaseDataset):
    """Samples of several modalities with one annotation.

    ``dataset[i]`` is what the pipeline makes of ``get_data_info(i)``, a dict
    with these keys:

    - ``sample_id`` (str), ``sample_idx`` (int), ``group`` (str or None),
      ``modalities`` (tuple of the keys of the streams);
    - for each modality its data, or **None where the sample lacks it**; e.g.
      ``speech`` int16 ``[N]``, ``gesture`` float16 ``[T, H, V, 3]`` with NaN
      where a hand is unseen, ``image`` uint8 ``[height, width, 3]`` (RGB).
      Beside it ``{modality}_{attribute}``, e.g. ``speech_sample_rate``,
      ``gesture_fps``, and ``{modality}_{extra}``, e.g. ``gesture_score``;
    - ``img_shape`` (height, width of the image as it is here), if there is
      one, and ``ori_shape``, those of the image on disk (of the stored one
      in files that do not tell); boxes are in pixels of ``img_shape``;
    - ``gt_label`` (int), ``gt_text`` (str), ``gt_value`` float32 ``[D]``,
      ``gt_bboxes`` float32 ``[N, 4]``, ``gt_bboxes_labels`` int64 ``[N]``,
      ``gt_bboxes_scores`` float32 ``[N]``, ``gt_bboxes_crowds`` bool
      ``[N]``, ``metadata`` (dict): each of them only if annotated;
    - ``rng``, a ``numpy.random.Generator`` seeded by ``seed``, the epoch and
      the index. In a worker process the global generators of python, numpy
      and torch are seeded alike before the pipeline runs, for transforms of
      others; in the main process they are never touched.

    Arrays may be read-only views of a file.

    Args:
        ann_file (str | Sequence[str]): What to open; see the subclasses.
        data_root (str): Folder that ``ann_file`` is relative to. Defaults to
            ''.
        modalities (Sequence[str] | None): The streams to read. None reads
            all there are. Defaults to None.
        pipeline (Sequence[dict | Callable]): Transforms. Defaults to ().
        metainfo (Mapping[str, Any] | None): Goes before the metainfo of the
            file. Defaults to None.
        filter_cfg (Mapping[str, Any] | None): ``require``, modalities or
            fields of the annotation that a sample must have to be used, and
            ``min_modalities``, how many of the modalities it must have at
            least. Defaults to None.
        indices (int | Sequence[int] | None): Use the first (or, if negative,
            the last) so many samples, or just these; counted after the
            filter. Defaults to None.
        seed (int): For ``rng``. Defaults to 0.
        extras (Sequence[str]): Names of the arrays beside ``data`` that are
            handed on. Defaults to ('score',).
        test_mode (bool): Kept for mmengine, changes nothing. Defaults to
            False.
        lazy_init (bool): Open the files only when first needed. Defaults to
            False.

    Raises:
        ValueError: If an argument or a file is not as described.
    """

    ann_file: str | list[str]
    _metainfo: dict[str, Any]
    _fully_initialized: bool = False

    def __init__(
        self,
        ann_file: str | Sequence[str] = '',
        data_root: str = '',
        modalities: Sequence[str] | None = None,
        pipeline: Sequence[dict | Callable] = (),
        metainfo: Mapping[str, Any] | None = None,
        filter_cfg: Mapping[str, Any] | None = None,
        indices: int | Sequence[int] | None = None,
        seed: int = 0,
        extras: Sequence[str] = ('score',),
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        if not ann_file:
            raise ValueError(f'ann_file must name a file, got {ann_file!r}')
        if modalities is not None and (
            isinstance(modalities, str) or not modalities
        ):
            raise ValueError(
                'modalities must be a list of one or more names, or None '
                f'for all, got {modalities!r}'
            )
        if not 0 <= seed < 1 << 63:
            raise ValueError(f'seed must be in 0 .. 2**63 - 1, got {seed}')
        self.modalities = None if modalities is None else tuple(modalities)
        self.seed = seed
        self.extras = tuple(extras)
        # Shared memory: workers that outlive an epoch see the next one.
        self._epoch = torch.zeros(1, dtype=torch.int64).share_memory_()
        self._order: np.ndarray | None = None
        super().__init__(
            ann_file=ann_file,
            metainfo=metainfo,
            data_root=data_root,
            data_prefix={},
            filter_cfg=filter_cfg,
            indices=indices,
            serialize_data=False,
            pipeline=(),
            test_mode=test_mode,
            lazy_init=True,
        )
        self.pipeline = Compose([build(t, TRANSFORMS) for t in pipeline])
        if not lazy_init:
            self.full_init()

    @abstractmethod
    def open_source(self) -> Source:
        """Open what ``ann_file`` names."""

    def full_init(self) -> None:
        """Open the files, then filter and choose samples; once."""
        if self._fully_initialized:
            return
        self.source = self.open_source()
        self._metainfo = merge_metainfo(self._metainfo, self.source.metainfo)
        preparers = self.source.preparation.get('modalities')
        if preparers:
            # Checkpoints keep the metainfo; the inferencer reads this there.
            self._metainfo.setdefault('preparation', preparers)
        streams = self.source.attributes
        self._encodings = check_encodings(streams)
        self._constants: dict[str, Any] = {
            'group': None,
            'modalities': tuple(streams),
            **{
                f'{name}_{key}': value
                for name, attributes in streams.items()
                for key, value in attributes.items()
                if key != 'encoding'
            },
        }
        self._order = self.filter_data()
        self._fully_initialized = True
        if self._indices is not None:
            self.get_subset_(self._indices)

    def filter_data(self) -> np.ndarray | None:
        """Apply ``filter_cfg``.

        Returns:
            np.ndarray | None: int64, the samples that stay; None for all.

        Raises:
            ValueError: See :func:`choose_rows`.
        """
        if not self.filter_cfg:
            return None
        return choose_rows(self.source, self.filter_cfg)

    def __len__(self) -> int:
        """Number of samples after filter and choice."""
        self.full_init()
        return len(self.source if self._order is None else self._order)

    def _row(self, idx: int) -> tuple[int, int]:
        """Index counted from the front, and the sample in the source."""
        count = len(self)
        index = operator.index(idx)
        if not -count <= index < count:
            raise IndexError(f'sample {index} of {count}')
        index %= count
        if self._order is None:
            return index, index
        return index, self._order.item(index)

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """One sample before the pipeline.

        Args:
            idx (int): Index; negative ones count from the end.

        Returns:
            dict[str, Any]: See the class.

        Raises:
            IndexError: If there is no such sample.
        """
        index, row = self._row(idx)
        fields, streams = self.source.read(row)
        seed = self._sample_seed(idx, index)
        info = {
            **self._constants,
            'sample_idx': index,
            'rng': seed.generator(),
        }
        put_annotation(info, fields)
        for name, arrays in streams.items():
            put_stream(info, name, arrays, self.extras, self._encodings[name])
        return info

    def _sample_seed(self, idx: int, index: int) -> SampleSeed:
        # A sampler that repeats a sample in an epoch counts the repeats; one
        # that is read ahead of the training says which epoch it is.
        repeat, epoch = 0, None
        if isinstance(idx, RepeatedIndex):
            repeat, epoch = idx.repeat, idx.epoch
        if epoch is None:
            epoch = self._epoch.item()
        return SampleSeed(self.seed, epoch, index, repeat)

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on one sample."""
        info = self.get_data_info(idx)
        if get_worker_info() is not None:
            self._sample_seed(idx, info['sample_idx']).seed_globals()
        return self.pipeline(info)

    def __getitem__(self, idx: int) -> Any:
        """One sample after the pipeline.

        Args:
            idx (int): Index; negative ones count from the end.

        Returns:
            Any: What the last transform gives.

        Raises:
            IndexError: If there is no such sample.
            ValueError: If a transform gives None.
        """
        data = self.prepare_data(idx)
        if data is None:
            raise ValueError(
                f'a transform gave None for sample {idx} of {self.ann_file}; '
                'leave such samples out with filter_cfg or indices'
            )
        return data

    def set_epoch(self, epoch: int) -> None:
        """Let ``rng`` depend on the epoch; workers that run see it too."""
        self._epoch.fill_(epoch)

    def gt_labels(self) -> np.ndarray:
        """int64 ``[N]``: the label of every sample, -1 where it has none."""
        self.full_init()
        labels = self.source.labels()
        return labels if self._order is None else labels[self._order]

    def gt_values(self) -> np.ndarray:
        """float64 ``[N, D]``: every sample's target, NaN where it has none.

        Read from the annotations; ``[N, 0]`` if no sample has one.
        """
        rows = [self._row(index)[1] for index in range(len(self))]
        found = [self.source.fields(row).get('target') for row in rows]
        sizes = [len(target) for target in found if target is not None]
        values = np.full((len(rows), max(sizes, default=0)), np.nan)
        for index, target in enumerate(found):
            if target is not None:
                values[index] = target
        return values

    def get_cat_ids(self, idx: int) -> list[int]:
        """The classes in a sample, for mmengine's ``ClassBalancedDataset``.

        Args:
            idx (int): Index.

        Returns:
            list[int]: The label, or if there is none those of the boxes.
        """
        fields = self.source.fields(self._row(idx)[1])
        if 'label' in fields:
            return [fields['label']]
        boxes = fields.get('bbox_labels')
        return [] if boxes is None else sorted(set(boxes.tolist()))

    def get_subset_(self, indices: int | Sequence[int]) -> None:
        """Keep some samples only.

        Args:
            indices (int | Sequence[int]): The first so many, the last so
                many if negative, or just these.

        Raises:
            IndexError: If there is no such sample.
            TypeError: If ``indices`` is neither.
        """
        rows = np.arange(len(self)) if self._order is None else self._order
        self._order = pick_rows(rows, indices)

    def get_subset(self, indices: int | Sequence[int]) -> 'TriModalDataset':
        """A data set of some samples; this one stays as it is.

        Args:
            indices (int | Sequence[int]): As for :meth:`get_subset_`.

        Returns:
            TriModalDataset: It has an epoch and a pipeline of its own.
        """
        self.full_init()
        other = copy.copy(self)
        other.pipeline = copy.deepcopy(self.pipeline)
        other._metainfo = copy.deepcopy(self._metainfo)
        other._epoch = self._epoch.clone().share_memory_()
        other.get_subset_(indices)
        return other

    def _join_prefix(self) -> None:
        """Put ``data_root`` before the files to open."""
        # An absolute path stays what it is.
        if isinstance(self.ann_file, str):
            self.ann_file = os.path.join(self.data_root, self.ann_file)
        else:
            self.ann_file = [
                os.path.join(self.data_root, path) for path in self.ann_file
            ]
