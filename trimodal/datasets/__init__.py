"""Annotations, preparation, packed files, data sets, transforms, samplers."""

from trimodal.datasets import samplers, transforms
from trimodal.datasets.annotations import SampleAnnotation, load_annotations
from trimodal.datasets.base import TriModalDataset
from trimodal.datasets.packed import PackedReader, PackedWriter
from trimodal.datasets.packed_dataset import PackedTriModalDataset

__all__ = [
    'PackedReader',
    'PackedTriModalDataset',
    'PackedWriter',
    'SampleAnnotation',
    'TriModalDataset',
    'load_annotations',
    'samplers',
    'transforms',
]
