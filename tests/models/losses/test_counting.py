"""Counts of several processes."""

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from trimodal.models.losses.counting import shared_count


def test_of_one_process():
    assert shared_count(torch.tensor([0.0, 0.5, 3.0])).tolist() == [1, 1, 3]


def work(rank: int, folder: str) -> None:
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/meet', rank=rank, world_size=2
    )
    given = torch.tensor([0.0, 3.0 + 4 * rank])
    assert shared_count(given).tolist() == [0.5, 5.0]
    assert given.tolist() == [0.0, 3.0 + 4 * rank]
    dist.destroy_process_group()


def test_of_two_processes(tmp_path):
    mp.spawn(work, (str(tmp_path),), nprocs=2)
