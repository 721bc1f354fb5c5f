"""Weights & Biases, online and offline."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.visualization import WandbVisBackend as _WandbVisBackend

import trimodal
from trimodal.registry import VISBACKENDS


@VISBACKENDS.register_module()
class WandbVisBackend(_WandbVisBackend):
    """mmengine's, with all curves over the iterations.

    Arguments are those of mmengine's :class:`WandbVisBackend`;
    ``init_kwargs=dict(mode='offline', project='...')`` needs no account and no
    network, and ``wandb sync`` uploads the run later. It differs in this:

    - Everything is logged with ``iter``, which is the axis of all curves;
      mmengine's axis counts calls. What comes from validations and tests is
      named ``val/...`` and ``test/...``, see
      :class:`~trimodal.engine.hooks.LoggerHook`.
    - The code is stored if ``log_code_name`` is set, and then trimodal's own;
      mmengine searches the current folder, with data and environments in it.
    - What the run was made with is in its config, under ``run_info``.
    - What comes after the end of the run is passed over. A test that
      ``tools/train.py`` makes comes before it.

    Raises:
        ImportError: When first used, if wandb is not installed.
    """

    # Where the training is; LoggerHook sets it before validations and tests.
    iteration = 0
    _closed = False

    def _init_env(self) -> None:
        super()._init_env()
        self._wandb.define_metric('*', step_metric='iter')

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Hand over the config, and the code if ``log_code_name`` is set."""
        allow = (self._init_kwargs or {}).get('allow_val_change', False)
        self.experiment.config.update(config.to_dict(), allow_val_change=allow)
        if self._log_code_name is not None:
            root = Path(trimodal.__file__).parent
            run = self.experiment.run
            run.log_code(root=str(root), name=self._log_code_name)

    def add_run_info(self, info: Mapping[str, Any]) -> None:
        """Add what the run was made with to its config."""
        if not self._closed:
            self.experiment.config.update(
                {'run_info': dict(info)}, allow_val_change=True
            )

    def add_scalar(
        self, name: str, value: Any, step: int = 0, **kwargs: Any
    ) -> None:
        """Log one scalar."""
        self.add_scalars({name: value}, step)

    def add_scalars(
        self,
        scalar_dict: dict,
        step: int = 0,
        file_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Log scalars at their iteration, or at the last one known."""
        self.iteration = scalar_dict.get('iter', self.iteration)
        self._log({**scalar_dict, 'iter': self.iteration})

    def add_image(
        self, name: str, image: np.ndarray, step: int = 0, **kwargs: Any
    ) -> None:
        """Log a picture, RGB, uint8 ``[H, W, 3]``."""
        picture = self.experiment.Image(image, caption=f'step {step}')
        self._log({name: picture, 'iter': self.iteration})

    def close(self) -> None:
        """End the run."""
        if self._env_initialized and not self._closed:
            self._wandb.finish()
            self._closed = True

    def _log(self, values: dict) -> None:
        if not self._closed:
            self.experiment.log(values, commit=self._commit)
