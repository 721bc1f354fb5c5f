"""Annotations, preparation, packed files, data sets, transforms, samplers."""

from trimodal.datasets import preparation, samplers, transforms
from trimodal.datasets.annotations import SampleAnnotation, load_annotations
from trimodal.datasets.base import TriModalDataset
from trimodal.datasets.coco_dataset import CocoDataset
from trimodal.datasets.packed import PackedReader, PackedWriter
from trimodal.datasets.packed_dataset import PackedTriModalDataset
from trimodal.datasets.raw_dataset import RawTriModalDataset
from trimodal.datasets.shared_batch import shared_collate

__all__ = [
    'CocoDataset',
    'PackedReader',
    'PackedTriModalDataset',
    'PackedWriter',
    'RawTriModalDataset',
    'SampleAnnotation',
    'TriModalDataset',
    'load_annotations',
    'preparation',
    'samplers',
    'shared_collate',
    'transforms',
]
