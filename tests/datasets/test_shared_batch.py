"""A batch from a worker equals one of this process, in one memory."""

import pickle

import torch
from mmengine.registry import FUNCTIONS
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from trimodal.datasets import shared_collate
from trimodal.datasets.shared_batch import SMALL, SharedBatch
from trimodal.structures import TriModalDataSample
from trimodal.structures.plain import encode_plain


class Samples(Dataset):
    """Of every size and type; the second lacks ``a``."""

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> dict:
        torch.manual_seed(index)
        wave = torch.randint(-99, 99, (3000 + index,), dtype=torch.int16)
        picture = torch.rand(2, 40, 30 + index).transpose(1, 2)
        sample = TriModalDataSample(metainfo={'sample_id': f'{index}'})
        inputs = {'a': None if index == 1 else wave, 'b': picture}
        return {
            'inputs': inputs,
            'data_samples': sample.set_gt_label(index),
            'numbers': (index, torch.tensor(index), torch.empty(0, 3)),
        }


def assert_equal(ours: object, theirs: object) -> None:
    assert type(ours) is type(theirs)
    if isinstance(ours, dict):
        assert list(ours) == list(theirs)
        for key in ours:
            assert_equal(ours[key], theirs[key])
    elif isinstance(ours, list | tuple):
        for one, other in zip(ours, theirs, strict=True):
            assert_equal(one, other)
    elif isinstance(ours, Tensor):
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours, theirs)
    else:
        assert ours == theirs


def batches(workers: int) -> list[dict]:
    loader = DataLoader(
        Samples(), 3, num_workers=workers, collate_fn=shared_collate
    )
    return list(loader)


def test_batches_of_a_worker():
    ours, theirs = batches(1), batches(0)
    assert_equal(encode_plain(ours), encode_plain(theirs))
    for batch in ours:
        assert type(batch) is dict
        large = [x for x in batch['inputs']['a'] if x is not None]
        large += batch['inputs']['b']
        assert len({x.untyped_storage().data_ptr() for x in large}) == 1
        assert large[0].is_shared()
        # Who keeps a label does not keep the batch.
        label = batch['data_samples'][0].gt_label
        assert label.untyped_storage().nbytes() == 8
        batch['inputs']['b'][0][:] = 7  # as writable as ever, and its own
        assert not (batch['inputs']['b'][1] == 7).any()


def test_every_type():
    kinds = (torch.uint8, torch.bool, torch.bfloat16, torch.float64)
    kinds += (torch.complex64,)
    batch = {
        f'{kind} {size}': torch.arange(size).to(kind)
        for kind in kinds
        for size in (0, 1, 3, SMALL, SMALL + 1)
    }
    batch['gradient'] = torch.ones(2, requires_grad=True)
    batch['sparse'] = torch.eye(3).to_sparse()
    again = pickle.loads(pickle.dumps(SharedBatch(batch)))
    assert again['gradient'].requires_grad
    assert torch.equal(again.pop('sparse').to_dense(), torch.eye(3))
    batch.pop('sparse')
    for name, value in batch.items():
        assert torch.equal(again[name], value), name
        assert again[name].dtype == value.dtype


def test_what_is_no_dict_stays():
    assert shared_collate([(1, 2), (3, 4)]) == [(1, 3), (2, 4)]
    found = FUNCTIONS.get('trimodal.shared_collate')
    assert found is shared_collate
