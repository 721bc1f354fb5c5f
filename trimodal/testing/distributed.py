"""The contract's promise about several processes.

One group of two gloo processes runs all contracts it is given, since starting
a process takes longer than most of them.
"""

import gc
import importlib
import tempfile
import traceback
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from trimodal.registry import MODELS
from trimodal.testing.contracts import Contract
from trimodal.testing.outputs import Whole, backward

PROCESSES = 2
PATIENCE = 300
Gradients = dict[str, Tensor]


def run_distributed(contracts: Sequence[Contract]) -> dict[str, str]:
    """Train each part for two steps in two gloo processes.

    Each has its ``share``: of encoders, aligners, fusions and objectives the
    first process has all samples, the second nothing at all; of heads and
    losses a part each, but the second has nothing to learn from in the first
    step. Unused parameters are not looked for. Both must end with the same
    gradients, and with the mean of what each would have alone, unless the
    part is ``collective``, or with those of one process that has all of it,
    if it is ``divisible``.

    Args:
        contracts (Sequence[Contract]): Parts and their samples; the samples'
            function must be one that can be pickled.

    Returns:
        dict[str, str]: What went wrong, by the contract's id; nothing for
        one that went well.
    """
    parts = [MODELS.get(contract.cfg['type']) for contract in contracts]
    modules = sorted({part.__module__ for part in parts if part})
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
        # One that failed leaves the other waiting.
        timeout=timedelta(seconds=PATIENCE),
    )
    results: dict[str, Gradients | str] = {}
    for contract in contracts:
        try:
            batches = [contract.meagre(rank), contract.share(rank)]
            results[contract.id] = _gradients(contract, batches, True)
        except Exception:
            results[contract.id] = traceback.format_exc()
    torch.save(results, Path(folder) / f'{rank}.pt')
    # A wrapper still there would keep the group's threads going.
    gc.collect()
    dist.destroy_process_group()


def _gradients(
    contract: Contract, batches: Sequence[Any], wrapped: bool
) -> Gradients:
    """The gradients of the last of some steps."""
    part = contract.build().train()
    whole = Whole(part)
    learns = any(p.requires_grad for p in whole.parameters())
    run = DistributedDataParallel(whole) if wrapped and learns else whole
    for batch in batches:
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
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    try:
        for name, gradient in first.items():
            torch.testing.assert_close(gradient, second[name], msg=name)
        for name, gradient in _expected(contract).items():
            torch.testing.assert_close(
                first[name], gradient, atol=1e-5, rtol=1e-4, msg=name
            )
    except AssertionError as error:
        return f'gradients of two processes differ: {error}'
    return ''


def _expected(contract: Contract) -> Gradients:
    """What one process says that two have to give, if it can."""
    if contract.divisible:
        return _gradients(contract, [contract.batch()] * 2, False)
    if contract.collective:
        return {}
    first, second = (
        _gradients(contract, [contract.share(rank)] * 2, False)
        for rank in range(PROCESSES)
    )
    return {n: (first[n] + second[n]) / PROCESSES for n in first}
