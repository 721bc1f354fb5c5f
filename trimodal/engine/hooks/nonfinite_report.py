"""What is told and written about a step that was not finite."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.dist import get_rank, get_world_size
from mmengine.runner import Runner

from trimodal.structures.plain import encode_plain
from trimodal.utils.saving import save_file


def fault_line(
    terms: Mapping[str, float],
    batch: Any,
    bad_loss: bool,
    gradients: Sequence[str],
) -> str:
    """What was not finite, in one line.

    Args:
        terms (Mapping[str, float]): The loss terms.
        batch (Any): From a loader.
        bad_loss (bool): Whether it was the loss.
        gradients (Sequence[str]): Parameters with such a gradient.

    Returns:
        str: It, and the ids of the samples.
    """
    shown = ', '.join(f'{key}={value:.4g}' for key, value in terms.items())
    what = f'the loss is not finite ({shown})'
    if not bad_loss:
        more = f' and {len(gradients) - 3} more' if len(gradients) > 3 else ''
        names = f'{", ".join(gradients[:3])}{more}'
        what = f'gradients are not finite ({names}) of a finite loss ({shown})'
    return f'{what}; samples: {", ".join(sample_ids(batch))}'


def sample_ids(batch: Any) -> list[str]:
    """What names the samples of a batch.

    Args:
        batch (Any): From a loader.

    Returns:
        list[str]: ``sample_id``, else ``sample_idx``, else the place in the
        batch; empty if there are no ``data_samples``.
    """
    samples = batch.get('data_samples') if isinstance(batch, Mapping) else None
    return [
        str(getattr(s, 'sample_id', getattr(s, 'sample_idx', f'#{place}')))
        for place, s in enumerate(samples or ())
    ]


def write_fault(runner: Runner, content: dict[str, Any]) -> str:
    """Write a file of plain data to the work folder.

    Args:
        runner (Runner): The runner.
        content (dict[str, Any]): Of the step; iteration, epoch, seed and
            config are added.

    Returns:
        str: Path.
    """
    config = encode_plain(runner.cfg.to_dict())
    content = {
        **content,
        'iter': runner.iter + 1,
        'epoch': runner.epoch + 1,
        'config': config,
    }
    end = f'_rank_{get_rank()}' if get_world_size() > 1 else ''
    path = Path(runner.work_dir, f'nonfinite_iter_{runner.iter + 1}{end}.pth')
    save_file(content, path)
    return str(path)
