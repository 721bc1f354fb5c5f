"""Pictures of validation samples, as the training goes on."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import Tensor

from trimodal.engine.hooks.attention_axes import map_of, recorded_masks
from trimodal.engine.hooks.attention_maps import recorded_attention
from trimodal.engine.hooks.monitoring import check_interval
from trimodal.engine.hooks.schedules import unwrapped
from trimodal.models.layers.checks import check_positive
from trimodal.registry import HOOKS
from trimodal.structures import TriModalDataSample
from trimodal.visualization.attention import AttentionMap, plot_attention
from trimodal.visualization.figure import save
from trimodal.visualization.visualizer import TriModalVisualizer

# What names of pictures begin with: of samples, and of attention.
_KINDS = {'val': ('val', 'attention'), 'test': ('test', 'test_attention')}


@HOOKS.register_module()
class VisualizationHook(Hook):
    """Draws the first samples of every few validations and of each test.

    A picture has what went in, what was predicted (class scores, boxes,
    values or texts), what is true, and the fusion's weights; with
    ``attention`` a second one has the attention of the modules asked for,
    with the modalities' names where an axis is known to be of their steps
    (elsewhere steps that only fill up the batch may be among the queries).
    The loggers get them as ``val/<sample id>`` and ``attention/<sample id>``,
    so that one sees a sample change over the epochs, and as ``test/<sample
    id>`` and ``test_attention/<sample id>``. A test of every subset of the
    modalities draws what all together gave; one with test-time augmentation
    the first variant, without attention.

    They look as ``TriModalVisualizer`` draws them. The run's visualizer may
    be one with settings of its own: ``visualizer=dict(
    type='TriModalVisualizer', min_score=0.5, max_boxes=20)``. Of several
    processes the first draws samples of its own share. A picture takes about
    half a second.

    Args:
        interval (int): Draw every so many validations. Defaults to 1.
        num_samples (int): How many samples. Defaults to 4.
        attention (str | None): The beginning of the names of the modules
            whose attention is drawn, such as ``'fusion'``. Defaults to None:
            of none.
        draw_gt (bool): Whether to draw annotations. Defaults to True.
        out_dir (str | None): Folder for PNG files, in place of the loggers;
            a relative one lies in the log folder. Defaults to None.

    Raises:
        ValueError: If ``interval`` or ``num_samples`` is not positive, or,
            when the run begins, no module is named as ``attention`` says.
    """

    def __init__(
        self,
        interval: int = 1,
        num_samples: int = 4,
        attention: str | None = None,
        draw_gt: bool = True,
        out_dir: str | None = None,
    ) -> None:
        check_interval(interval)
        check_positive(num_samples=num_samples)
        self.interval = interval
        self.num_samples = num_samples
        self.attention = attention
        self.draw_gt = draw_gt
        self.out_dir = out_dir
        self._left = 0
        self._enabled: Any = None
        self._recording = ExitStack()
        self._maps: dict[str, Tensor] = {}
        self._masks: dict[str, Tensor] = {}
        self._own_painter: TriModalVisualizer | None = None

    def before_train(self, runner: Runner) -> None:
        """Find a wrong ``attention`` before the first epoch."""
        if self.attention is not None:
            with recorded_attention(unwrapped(runner), self.attention):
                pass

    def before_val_epoch(self, runner: Runner) -> None:
        """See whether it is time, and begin to record attention."""
        due = self._number(runner) % self.interval == 0
        self._begin(runner, due)

    def before_test_epoch(self, runner: Runner) -> None:
        """Begin to record attention."""
        self._begin(runner, due=True)

    def _after_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
        mode: str = 'train',
    ) -> None:
        if mode in _KINDS:
            self._draw(runner, _KINDS[mode], data_batch, outputs)

    def _after_epoch(self, runner: Runner, mode: str = 'train') -> None:
        if mode in _KINDS:
            self._stop_recording()

    def _begin(self, runner: Runner, due: bool) -> None:
        self._stop_recording()  # of an epoch that failed
        self._left = self.num_samples if due and is_main_process() else 0
        self._enabled = _enabled(runner)
        several = isinstance(unwrapped(runner), BaseTTAModel)
        if self._left and self.attention is not None and not several:
            model = unwrapped(runner)
            self._maps = self._recording.enter_context(
                recorded_attention(model, self.attention)
            )
            self._masks = self._recording.enter_context(recorded_masks(model))

    def _draw(
        self,
        runner: Runner,
        kinds: tuple[str, str],
        data_batch: Any,
        outputs: Sequence[TriModalDataSample] | None,
    ) -> None:
        if not self._left or _enabled(runner) != self._enabled:
            return
        inputs = data_batch['inputs']
        if not isinstance(inputs, Mapping):  # the variants of each sample
            inputs = inputs[0]
        painter = self._painter(runner)
        for index, sample in enumerate((outputs or ())[: self._left]):
            name = str(sample.get('sample_id', self.num_samples - self._left))
            arrays = {key: batch[index] for key, batch in inputs.items()}
            picture = painter.draw(arrays, sample, self.draw_gt)
            self._give(runner, f'{kinds[0]}/{name}', picture)
            if self._maps:
                maps = _maps_of(self._maps, self._masks, index)
                picture = plot_attention(maps, f'attention, sample {name}')
                self._give(runner, f'{kinds[1]}/{name}', picture)
            self._left -= 1
        if not self._left:
            self._stop_recording()

    def _stop_recording(self) -> None:
        self._recording.close()
        self._maps, self._masks = {}, {}

    def _number(self, runner: Runner) -> int:
        """How many validations a run that never stopped has made."""
        if not hasattr(runner._train_loop, 'val_interval'):
            return 0  # validation by itself
        loop = runner.train_loop
        return self._step(runner) // loop.val_interval

    def _step(self, runner: Runner) -> int:
        if not hasattr(runner._train_loop, 'val_interval'):
            return 0
        by_iter = isinstance(runner.train_loop, IterBasedTrainLoop)
        return runner.iter if by_iter else runner.epoch

    def _painter(self, runner: Runner) -> TriModalVisualizer:
        visualizer = runner.visualizer
        if isinstance(visualizer, TriModalVisualizer):
            return visualizer
        if self._own_painter is None:
            self._own_painter = TriModalVisualizer('painter')
        self._own_painter.dataset_meta = visualizer.dataset_meta
        return self._own_painter

    def _give(self, runner: Runner, name: str, picture: np.ndarray) -> None:
        step = self._step(runner)
        if self.out_dir is None:
            runner.visualizer.add_image(name, picture, step)
        else:
            folder = Path(runner.log_dir) / self.out_dir
            save(picture, folder / f'{name}_{step}.png')


def _enabled(runner: Runner) -> Any:
    """The modalities that the model is to use; None if it can't choose."""
    return getattr(unwrapped(runner), 'enabled_modalities', None)


def _maps_of(
    maps: dict[str, Tensor], masks: dict[str, Tensor], index: int
) -> dict[str, AttentionMap]:
    """One sample's maps, by the ends of the modules' names."""
    start = _shared_start(list(maps))
    real = {name: mask[index].numpy() for name, mask in masks.items()}
    return {
        name[start:]: map_of(name, weights[index].numpy(), real)
        for name, weights in maps.items()
    }


def _shared_start(names: list[str]) -> int:
    """How long the modules' common path is: it would fill the titles."""
    parts = [name.split('.')[:-1] for name in names]
    shared: list[str] = []
    for level in zip(*parts, strict=False):
        if len(set(level)) > 1:
            if level[0].isdecimal():
                shared = shared[:-1]  # "layers.0", not "0"
            break
        shared.append(level[0])
    return sum(len(part) + 1 for part in shared)
