"""mmengine's visualizer, taught to draw a tri-modal sample."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from mmengine.dist import master_only
from mmengine.visualization import Visualizer
from mmengine.visualization.vis_backend import BaseVisBackend

from trimodal.registry import VISUALIZERS
from trimodal.structures import TriModalDataSample
from trimodal.visualization.figure import save
from trimodal.visualization.sample import Array, draw_sample


@VISUALIZERS.register_module()
class TriModalVisualizer(Visualizer):
    """Draws a sample: its modalities, boxes, scores and modality weights.

    Class names come from ``dataset_meta``: ``classes``, and
    ``detection_classes`` for boxes.

    Args:
        name (str): Name of the instance. Defaults to 'visualizer'.
        vis_backends (Sequence[dict | BaseVisBackend] | None): Where scalars
            and pictures go. Defaults to None: nowhere.
        save_dir (str | None): Folder of the backends. Defaults to None.
        rates (Mapping[str, float] | None): Samples or frames a second of
            each modality, for the time axes. Defaults to None: 16000 for a
            waveform, 30 for the rest.
        max_classes (int): Bars of class scores, and values of a regression,
            at most. Defaults to 10.
        min_score (float): Predicted boxes with less are not drawn. Defaults
            to 0.3.
        max_boxes (int): Predicted boxes at most, the best. Defaults to 50.

    Raises:
        ValueError: If ``max_classes`` or ``max_boxes`` is below 1, or
            ``min_score`` is not in 0 to 1.

    Examples:
        >>> import numpy as np
        >>> from trimodal.structures import TriModalDataSample
        >>> from trimodal.visualization import TriModalVisualizer
        >>> sample = TriModalDataSample(metainfo=dict(sample_id='a'))
        >>> sample = sample.set_pred_score([0.2, 0.8])
        >>> visualizer = TriModalVisualizer(name='doctest')
        >>> visualizer.dataset_meta = dict(classes=['zero', 'one'])
        >>> picture = visualizer.add_datasample(
        ...     'a', dict(speech=np.zeros(8000, np.int16)), sample)
        >>> picture.dtype, picture.shape[2]
        (dtype('uint8'), 3)
    """

    def __init__(
        self,
        name: str = 'visualizer',
        vis_backends: Sequence[dict | BaseVisBackend] | None = None,
        save_dir: str | None = None,
        rates: Mapping[str, float] | None = None,
        max_classes: int = 10,
        min_score: float = 0.3,
        max_boxes: int = 50,
    ) -> None:
        super().__init__(name, vis_backends=vis_backends, save_dir=save_dir)
        for key, count in {
            'max_classes': max_classes,
            'max_boxes': max_boxes,
        }.items():
            if count < 1:
                raise ValueError(f'{key} must be 1 or more, got {count}')
        if not 0 <= min_score <= 1:
            raise ValueError(f'min_score must be in 0 to 1, got {min_score}')
        self.rates = dict(rates or {})
        self.max_classes = max_classes
        self.min_score = min_score
        self.max_boxes = max_boxes

    @master_only
    def add_datasample(
        self,
        name: str,
        inputs: Mapping[str, Array],
        data_sample: TriModalDataSample | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        out_file: str | Path | None = None,
        step: int = 0,
    ) -> np.ndarray:
        """Draw a sample, and show it, write it or hand it to the backends.

        Args:
            name (str): Name of the picture.
            inputs (Mapping[str, Array]): An array for each modality, as in
                the ``inputs`` that a pipeline packs; None is absent. See
                :func:`~trimodal.visualization.draw_sample`.
            data_sample (TriModalDataSample | None): Annotations and
                predictions. Defaults to None.
            draw_gt (bool): Whether to draw annotations. Defaults to True.
            draw_pred (bool): Whether to draw predictions. Defaults to True.
            show (bool): Whether to open a window. Defaults to False.
            wait_time (float): Seconds the window stays; 0 is until a key is
                pressed. Defaults to 0.
            out_file (str | Path | None): Where to write the picture, in
                place of the backends. Defaults to None.
            step (int): The step for the backends. Defaults to 0.

        Returns:
            np.ndarray: RGB, uint8 ``[H, W, 3]``.
        """
        picture = self.draw(inputs, data_sample, draw_gt, draw_pred)
        self.set_image(picture)
        if show:
            self.show(picture, win_name=name, wait_time=wait_time)
        if out_file is not None:
            save(picture, out_file)
        else:
            self.add_image(name, picture, step)
        return picture

    def draw(
        self,
        inputs: Mapping[str, Array],
        data_sample: TriModalDataSample | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
    ) -> np.ndarray:
        """Draw a sample, and do nothing else with the picture.

        Args:
            inputs (Mapping[str, Array]): An array for each modality.
            data_sample (TriModalDataSample | None): Annotations and
                predictions. Defaults to None.
            draw_gt (bool): Whether to draw annotations. Defaults to True.
            draw_pred (bool): Whether to draw predictions. Defaults to True.

        Returns:
            np.ndarray: RGB, uint8 ``[H, W, 3]``.
        """
        meta = self.dataset_meta or {}
        return draw_sample(
            inputs,
            data_sample,
            classes=meta.get('classes'),
            detection_classes=meta.get('detection_classes'),
            rates=self.rates,
            draw_gt=draw_gt,
            draw_pred=draw_pred,
            max_classes=self.max_classes,
            min_score=self.min_score,
            max_boxes=self.max_boxes,
        )
