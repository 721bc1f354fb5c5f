"""The data set over packed HDF5 files: what training reads."""

from trimodal.datasets.base import TriModalDataset
from trimodal.datasets.packed import PackedReader
from trimodal.registry import DATASETS


@DATASETS.register_module()
class PackedTriModalDataset(TriModalDataset):
    """Samples out of packed HDF5 files, as views of the mapped files.

    ``ann_file`` is such a file, a list of them, or a glob pattern of shards,
    e.g. ``'train-*.h5'``. Neither the index nor the annotations are held in
    memory: they stay in the files, which all workers share. The arguments
    and the keys of a sample are those of :class:`TriModalDataset`.

    Examples:
        >>> import os, tempfile
        >>> import numpy as np
        >>> from trimodal.datasets import PackedTriModalDataset
        >>> from trimodal.datasets.annotations import SampleAnnotation
        >>> from trimodal.datasets.packed import PackedWriter
        >>> path = os.path.join(tempfile.mkdtemp(), 'train.h5')
        >>> streams = {'speech': {'sample_rate': 16000}, 'image': {}}
        >>> with PackedWriter(path, streams, {}, {}) as writer:
        ...     writer.append(SampleAnnotation(id='a', label=1),
        ...                   {'speech': {'data': np.arange(3, dtype='i2')}})
        >>> sample = PackedTriModalDataset(path)[0]
        >>> sample['speech'], sample['image'], sample['gt_label']
        (array([0, 1, 2], dtype=int16), None, 1)
        >>> sample['speech_sample_rate']
        16000
    """

    def open_source(self) -> PackedReader:
        """Read the headers of the files."""
        return PackedReader(self.ann_file, self.modalities)
