"""Which checkpoint a training is tested with at its end."""

from pathlib import Path

from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from trimodal.engine.runner.kept_checkpoints import check_checkpoint, warn
from trimodal.utils.saving import BrokenFileError


def best_checkpoint(runner: Runner) -> str | None:
    """The best checkpoint of a finished training, else the last one.

    Warns if the best one is missing or broken.

    Args:
        runner (Runner): After ``train()``.

    Returns:
        str | None: Path, or None if none was saved or none is whole.
    """
    hub = runner.message_hub.runtime_info
    keys = sorted(key for key in hub if key.startswith('best_ckpt'))
    paths = [hub[key] for key in keys]
    for hook in runner.hooks:
        if isinstance(hook, CheckpointHook):
            paths.append(hook.last_ckpt)
    paths.append(hub.get('last_ckpt'))
    faults = []
    found = None
    for path in dict.fromkeys(filter(None, paths)):
        fault = _fault_of(Path(path))
        if not fault:
            found = path
            break
        faults.append(fault)
    if faults:
        instead = found or 'the weights in memory'
        warn(f'{"; ".join(faults)}. Testing {instead} instead.')
    return found


def _fault_of(path: Path) -> str:
    if not path.exists():
        return f'{path} is missing'
    try:
        check_checkpoint(path)
    except BrokenFileError as error:
        return str(error)
    return ''
