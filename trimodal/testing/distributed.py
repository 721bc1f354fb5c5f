"""The contract's promise about several processes.

One group of two gloo processes runs all contracts it is given, since starting
a process takes longer than most of them.
"""

import gc
import importlib
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from trimodal.testing.contracts import Contract
from trimodal.testing.outputs import Whole, backward
from trimodal.testing.samples import absent_like

PROCESSES = 2
Gradients = dict[str, Tensor]


def run_distributed(contracts: Sequence[Contract]) -> dict[str, str]:
    """Train each part for two steps in two gloo processes.

    The first process has all samples, the second has nothing at all; unused
    parameters are not looked for. Both must end with the same gradients, and
    with the mean of what each would have alone, unless the part is
    ``collective``.

    Args:
        contracts (Sequence[Contract]): Parts and their samples; the samples'
            function must be one that can be pickled.

    Returns:
        dict[str, str]: What went wrong, by the contract's id; nothing for
        one that went well.
    """
    modules = sorted({type(c.build()).__module__ for c in contracts})
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(_work, (folder, list(contracts), modules), nprocs=PROCESSES)
        results = [
            torch.load(Path(folder) / f'{rank}.pt')
            for rank in range(PROCESSES)
        ]
    faults = {}
    for contract in contracts:
        fault = _compare(contract, *(r[contract.id] for r in results))
        if fault:
            faults[contract.id] = fault
    return faults


def _work(
    rank: int,
    folder: str,
    contracts: Sequence[Contract],
    modules: Sequence[str],
) -> None:
    torch.set_num_threads(1)
    for module in modules:
        importlib.import_module(module)
    dist.init_process_group(
        'gloo',
        init_method=f'file://{folder}/meet',
        rank=rank,
        world_size=PROCESSES,
    )
    results: dict[str, Gradients | str] = {}
    for contract in contracts:
        try:
            results[contract.id] = _gradients(contract, rank, True)
        except Exception:
            results[contract.id] = traceback.format_exc()
    torch.save(results, Path(folder) / f'{rank}.pt')
    # A wrapper still there would keep the group's threads going.
    gc.collect()
    dist.destroy_process_group()


def _gradients(contract: Contract, rank: int, wrapped: bool) -> Gradients:
    """The gradients of the second of two steps."""
    part = contract.build().train()
    whole = Whole(part)
    learns = any(p.requires_grad for p in whole.parameters())
    run = DistributedDataParallel(whole) if wrapped and learns else whole
    samples = contract.given()
    nothing = absent_like(samples[0])
    batch = contract.stack(samples if rank == 0 else [nothing, nothing])
    for _ in range(2):
        part.zero_grad()
        torch.manual_seed(4)
        backward(run(batch))
    return {
        name: parameter.grad.clone()
        for name, parameter in part.named_parameters()
        if parameter.grad is not None
    }


def _compare(
    contract: Contract, first: Gradients | str, second: Gradients | str
) -> str:
    for result in (first, second):
        if isinstance(result, str):
            return result
    alone = [_gradients(contract, rank, False) for rank in range(PROCESSES)]
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    try:
        for name, gradient in first.items():
            torch.testing.assert_close(gradient, second[name], msg=name)
            if not contract.collective:
                mean = (alone[0][name] + alone[1][name]) / PROCESSES
                torch.testing.assert_close(
                    gradient, mean, atol=1e-5, rtol=1e-4, msg=name
                )
    except AssertionError as error:
        return f'gradients of two processes differ: {error}'
    return ''
