"""The packed HDF5 format: one writer, one memory-mapping reader."""

from trimodal.datasets.packed.reader import PackedReader
from trimodal.datasets.packed.writer import PackedWriter

__all__ = ['PackedReader', 'PackedWriter']
