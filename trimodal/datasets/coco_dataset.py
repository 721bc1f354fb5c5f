"""The data set over a folder of the COCO form, by config alone."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trimodal.datasets.base import TriModalDataset
from trimodal.datasets.coco import load_coco
from trimodal.datasets.raw_dataset import (
    RawSource,
    single_file,
    warn_of_faults,
)
from trimodal.registry import DATASETS

AS_THEY_ARE = {'image': {'type': 'ImagePreparer', 'target_size': None}}


@DATASETS.register_module()
class CocoDataset(TriModalDataset):
    """Pictures with boxes, as a JSON file of the COCO form lists them.

    Samples are those of :class:`TriModalDataset`: ``sample_id`` is the
    picture's id as a text, ``gt_bboxes_labels`` count the categories from 0
    in the order of the file, ``ori_shape`` is the size on disk. The metainfo
    has ``detection_classes`` and ``detection_category_ids``, by which
    ``CocoMetric`` writes the file's own ids.

    Args:
        ann_file (str): The JSON file.
        data_root (str): Folder that ``ann_file`` and ``img_folder`` are
            relative to. Defaults to ''.
        img_folder (str): Folder that each ``file_name`` is relative to.
            Defaults to ''.
        preparation (Mapping[str, Any] | None): A preparer for each modality,
            e.g. to resize pictures before they are kept in memory. Defaults
            to None: pictures as they are.
        modalities (Sequence[str]): The keys of a sample; one without a
            preparer is always absent, so that a model of several can be
            trained. Defaults to ('image',).
        keep_crowds (bool): Keep boxes with ``iscrowd``, as
            ``gt_bboxes_crowds``: an evaluation does not count what is found
            there, nor does training. Defaults to False: they are left out.
        filter_empty (bool): Leave pictures without a box out. Defaults to
            False.
        skip_bad (bool): Leave samples with faulty annotations out, with a
            warning, instead of raising. Defaults to False.
        cache (bool): Keep prepared pictures in memory, in each process that
            reads: for sets of some hundred. Defaults to False.
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
        data_root: str = '',
        img_folder: str = '',
        preparation: Mapping[str, Any] | None = None,
        modalities: Sequence[str] = ('image',),
        keep_crowds: bool = False,
        filter_empty: bool = False,
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
        self.preparation = AS_THEY_ARE if preparation is None else preparation
        unread = set(self.preparation) - set(modalities)
        if unread:
            raise ValueError(
                f'preparation is for {sorted(unread)}, too, which are not '
                f'among the modalities {[*modalities]}'
            )
        self.img_folder = img_folder
        self.keep_crowds = keep_crowds
        self.filter_empty = filter_empty
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
        file, faults = load_coco(
            path,
            os.path.join(self.data_root, self.img_folder),
            keep_crowds=self.keep_crowds,
            filter_empty=self.filter_empty,
            skip_bad=self.skip_bad,
        )
        warn_of_faults(path, faults)
        return RawSource(file, self.preparation, self.modalities, self.cache)
