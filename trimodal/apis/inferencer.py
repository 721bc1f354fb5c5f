"""Files in, predictions out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from mmengine.config import Config
from mmengine.infer import BaseInferencer
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from trimodal.apis.configs import find_config, list_models
from trimodal.apis.media import check_inputs
from trimodal.apis.model import SCOPE, ConfigLike, init_model, test_dataset
from trimodal.apis.originals import original_pictures
from trimodal.apis.parts import (
    build_collate,
    build_visualizer,
    find_preparation,
)
from trimodal.apis.pipeline import MediaPipeline
from trimodal.apis.predictions import (
    format_predictions,
    to_prediction,
    write_predictions,
)
from trimodal.datasets.preparation import build_preparers
from trimodal.registry import INFERENCERS
from trimodal.structures import TriModalDataSample
from trimodal.utils.config import load_config
from trimodal.visualization import TriModalVisualizer

Input = Mapping[str, Any]


class Answer(NamedTuple):
    """What the model said of one input.

    Args:
        sample (TriModalDataSample): The prediction.
        inputs (dict[str, Tensor | np.ndarray | None] | None): What it is
            drawn from.
    """

    sample: TriModalDataSample
    inputs: dict[str, Tensor | np.ndarray | None] | None


@INFERENCERS.register_module()
class TriModalInferencer(BaseInferencer):
    """Predicts from media files or arrays, with any modality missing.

    The media are prepared as the training data were: as the checkpoint says,
    unless ``preparation`` here, or in the config, says otherwise. Then they
    go through the config's test pipeline.

    Args:
        model (str | Path | Config | Mapping | nn.Module | None): A config,
            its file, the name of one that comes with trimodal (see
            :func:`~trimodal.apis.list_models`), or a model of
            :func:`~trimodal.apis.init_model`. Defaults to None: the config
            that is in the checkpoint.
        weights (str | Path | None): File or URL of the checkpoint. Defaults
            to None.
        device (str | None): Where to run. Defaults to None: a GPU if there
            is one.
        preparation (Mapping[str, Any] | None): A preparer, or its config,
            for each modality. Defaults to None: see above.
        show_progress (bool): Whether to show a bar. Defaults to True.

    Raises:
        ValueError: If there is neither model nor weights, they don't fit
            together, or nothing says how to prepare the media.

    Examples::

        inferencer = TriModalInferencer(weights='best.pth')
        result = inferencer({'speech': 'a.wav', 'video': 'b.mp4',
                             'image': 'c.jpg'})
        result['predictions'][0]['pred_class']
    """

    preprocess_kwargs = {'skip_unreadable'}
    forward_kwargs = {'keep_inputs'}
    visualize_kwargs = {'show', 'wait_time', 'img_out_dir'}
    postprocess_kwargs = {'print_result', 'pred_out_file'}

    def __init__(
        self,
        model: ConfigLike | nn.Module | None = None,
        weights: str | Path | None = None,
        device: str | None = None,
        preparation: Mapping[str, Any] | None = None,
        show_progress: bool = True,
    ) -> None:
        self._preparation = preparation
        self._ready = model if isinstance(model, nn.Module) else None
        if self._ready is not None:
            if not hasattr(self._ready, 'cfg'):
                raise ValueError(
                    'a model must have its config as .cfg; build it with '
                    'trimodal.apis.init_model'
                )
            model = self._ready.cfg
            device = device or str(next(self._ready.parameters()).device)
        elif isinstance(model, str | Path):
            model = load_config(str(find_config(model)))
        with DefaultScope.overwrite_default_scope(SCOPE):
            super().__init__(
                model,
                None if weights is None else str(weights),
                device,
                SCOPE,
                show_progress,
            )

    def __call__(  # type: ignore[override]
        self,
        inputs: Input | Sequence[Input],
        return_datasamples: bool = False,
        batch_size: int = 1,
        skip_unreadable: bool = False,
        show: bool = False,
        wait_time: float = 0,
        return_vis: bool = False,
        img_out_dir: str | Path = '',
        print_result: bool = False,
        pred_out_file: str | Path = '',
    ) -> dict[str, Any]:
        """Predict.

        Args:
            inputs (Mapping | Sequence[Mapping]): One input or several; each
                maps ``speech``, ``video`` or ``gesture``, ``image``, or what
                else the preparers read, to a file or an array: a waveform
                with its rate ``(array [N], samples a second)``, frames
                ``(uint8 [T, H, W, 3], frames a second)``, landmarks ``[T, 2,
                21, 3]`` (alone or with their rate), a picture uint8 ``[H,
                W, 3]`` (RGB). What is left out or None is absent. ``id``
                names the input.
            return_datasamples (bool): Whether to give data samples in place
                of dicts. Defaults to False.
            batch_size (int): Inputs that run together. Defaults to 1.
            skip_unreadable (bool): Warn of a file that can't be read, and go
                on without it. Defaults to False.
            show (bool): Whether to show each result in a window. Defaults
                to False.
            wait_time (float): Seconds a window stays; 0 is until a key is
                pressed. Defaults to 0.
            return_vis (bool): Whether to give pictures back. Defaults to
                False.
            img_out_dir (str | Path): Folder for pictures, ``{id}.png``.
                Defaults to '': none are written.
            print_result (bool): Whether to print a table. Defaults to False.
            pred_out_file (str | Path): A ``.json`` or ``.pkl`` file for the
                predictions. Defaults to ''.

        Returns:
            dict[str, Any]: ``predictions``, one dict (see
            :func:`~trimodal.apis.predictions.to_prediction`) or data sample
            an input, and ``visualization``, one RGB picture (uint8 ``[H, W,
            3]``) an input, empty if none were asked for.

        Raises:
            TypeError, ValueError, FileNotFoundError: If an input is not as
                described or a file can't be read.
        """
        if batch_size < 1:
            raise ValueError(f'batch_size must be 1 or more, got {batch_size}')
        drawing = bool(show or return_vis or img_out_dir)
        with DefaultScope.overwrite_default_scope(SCOPE):
            return super().__call__(
                inputs,
                return_datasamples,
                batch_size,
                skip_unreadable=skip_unreadable,
                keep_inputs=drawing,
                show=show,
                wait_time=wait_time,
                img_out_dir=str(img_out_dir),
                print_result=print_result,
                pred_out_file=str(pred_out_file),
            )

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities that the model takes, ordered as its weights."""
        return tuple(self.model.fusion.modalities)

    @staticmethod
    def list_models(  # type: ignore[override]
        scope: str | None = None, patterns: str = '*'
    ) -> list[str]:
        """List the configs that come with trimodal.

        Args:
            scope (str | None): Only 'trimodal' or None. Defaults to None.
            patterns (str): Such as ``'tridigits/*'``. Defaults to all.

        Returns:
            list[str]: Their names.

        Raises:
            ValueError: If ``scope`` is another.
        """
        if scope not in (None, SCOPE):
            raise ValueError(f"scope must be '{SCOPE}', got {scope!r}")
        return list_models(patterns)

    def preprocess(  # type: ignore[override]
        self,
        inputs: Sequence[Input],
        batch_size: int = 1,
        skip_unreadable: bool = False,
    ) -> Iterator[Any]:
        """Prepare and collate, batch by batch as they are needed."""
        prepared = (self.pipeline(item, skip_unreadable) for item in inputs)
        yield from map(
            self.collate_fn, self._get_chunk_data(prepared, batch_size)
        )

    @torch.no_grad()
    def forward(  # type: ignore[override]
        self, inputs: dict[str, Any], keep_inputs: bool = False
    ) -> list[Answer]:
        """Run the model on one batch."""
        samples = self.model.test_step(inputs)
        if not keep_inputs:
            return [Answer(sample, None) for sample in samples]
        streams = inputs['inputs']
        return [
            Answer(sample, {k: streams[k][i] for k in self.modalities})
            for i, sample in enumerate(samples)
        ]

    def visualize(  # type: ignore[override]
        self,
        inputs: Sequence[Input],
        preds: Sequence[Answer],
        show: bool = False,
        wait_time: float = 0,
        img_out_dir: str = '',
    ) -> list[np.ndarray]:
        """Draw each answer that kept its inputs.

        Boxes are drawn over the picture as it was handed in.
        """
        pictures = []
        for given, (sample, drawn) in zip(inputs, preds, strict=True):
            if drawn is None:
                continue
            if 'pred_instances' in sample:
                originals = original_pictures(given, self.pipeline.preparers)
                drawn = {**drawn, **originals}
            name = str(sample.sample_id)
            out = Path(img_out_dir, f'{name}.png') if img_out_dir else None
            picture = self.visualizer.add_datasample(
                name, drawn, sample, False, True, show, wait_time, out
            )
            pictures.append(picture)
        return pictures

    def postprocess(  # type: ignore[override]
        self,
        preds: Sequence[Answer],
        visualization: list[np.ndarray],
        return_datasample: bool = False,
        print_result: bool = False,
        pred_out_file: str = '',
    ) -> dict[str, Any]:
        """Make plain predictions; print and write them."""
        samples = [answer.sample for answer in preds]
        meta = self.model.dataset_meta
        plain = [to_prediction(s, self.modalities, meta) for s in samples]
        if print_result:
            print(format_predictions(plain))
        if pred_out_file:
            write_predictions(plain, pred_out_file)
        return {
            'predictions': samples if return_datasample else plain,
            'visualization': visualization,
        }

    def _inputs_to_list(  # type: ignore[override]
        self, inputs: Input | Sequence[Input]
    ) -> list[dict[str, Any]]:
        return check_inputs(inputs, self.pipeline.fields)

    def _init_model(
        self, cfg: Any, weights: str | None, device: str = 'cpu'
    ) -> nn.Module:
        if self._ready is not None:
            return self._ready.to(device).eval()
        model = init_model(cfg if len(cfg) else None, weights, device)
        if not len(cfg):  # it came from the checkpoint
            cfg.update(cast(Config, model.cfg)._cfg_dict)
        return model

    def _init_pipeline(self, cfg: Any) -> MediaPipeline:
        dataset = test_dataset(cfg)
        return MediaPipeline(
            build_preparers(
                find_preparation(
                    self._preparation,
                    cfg.get('preparation'),
                    self.model.dataset_meta.get('preparation'),
                    dataset.get('preparation'),
                )
            ),
            dataset.get('pipeline', ()),
            self.modalities,
            dataset.get('extras', ('score',)),
        )

    def _init_collate(self, cfg: Any) -> Callable:
        return build_collate(cfg.get('test_dataloader') or {})

    def _init_visualizer(self, cfg: Any) -> TriModalVisualizer:
        visualizer = build_visualizer(
            cfg.get('visualizer') or {}, self.pipeline.rates
        )
        visualizer.dataset_meta = self.model.dataset_meta
        return visualizer
