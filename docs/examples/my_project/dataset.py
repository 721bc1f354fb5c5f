"""Samples that are no prepared media files."""

from pathlib import Path

import numpy as np
from mmengine.dataset import Compose
from torch.utils.data import Dataset

from trimodal.registry import DATASETS, TRANSFORMS
from trimodal.utils import build


@DATASETS.register_module()
class NpzFolder(Dataset):
    """One ``.npz`` a sample: ``label``, and an array for each modality.

    Args:
        folder (str): Where they lie.
        modalities (Sequence[str]): What to read; absent where a file lacks
            it.
        pipeline (Sequence[dict]): The transforms.
    """

    def __init__(self, folder, modalities, pipeline) -> None:
        self.files = sorted(Path(folder).glob('*.npz'))
        self.modalities = tuple(modalities)
        self.pipeline = Compose([build(t, TRANSFORMS) for t in pipeline])
        self.metainfo = {}

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index):
        with np.load(self.files[index]) as file:
            arrays = {name: file.get(name) for name in self.modalities}
            label = int(file['label'])
        sample = {
            'sample_id': self.files[index].stem,
            'sample_idx': index,
            'modalities': self.modalities,
            'rng': np.random.default_rng(index),
            'gt_label': label,
        }
        return self.pipeline({**sample, **arrays})
