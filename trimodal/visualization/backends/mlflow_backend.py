"""MLflow, in a file of its own or on a server."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.visualization import MLflowVisBackend as _MLflowVisBackend

from trimodal.registry import VISBACKENDS
from trimodal.visualization.backends.tensorboard_backend import flatten

# What MLflow takes of a parameter or tag.
LONGEST = 500
_VARIABLE = 'MLFLOW_TRACKING_URI'
_REPORTS = ('report.md', 'report.png', 'report.html')


@VISBACKENDS.register_module()
class MLflowVisBackend(_MLflowVisBackend):
    """mmengine's, mended for MLflow 3.

    Arguments are those of mmengine's :class:`MLflowVisBackend`. It differs in
    this:

    - Without ``tracking_uri`` the run goes to what the variable
      ``MLFLOW_TRACKING_URI`` says, else to ``mlflow.db`` (SQLite) in the log
      folder, its files beside it; MLflow 3 refuses the folder that mmengine
      takes. One file for all runs: ``tracking_uri='sqlite:///mlflow.db'``.
    - A picture has its step in its name, and needs no suffix.
    - Long values of the config are cut, as MLflow refuses them; the whole
      config is kept as ``config.py``.
    - What the run was made with are its tags.
    - All curves are over the iterations; what comes from validations and
      tests is named ``val/...`` and ``test/...``, see
      :class:`~trimodal.engine.hooks.LoggerHook`.
    - At the end it keeps the logs, scalars and configs of this start, and
      what this start wrote beside them: the report, and with ``'.pth'`` in
      ``artifact_suffix`` the checkpoints. mmengine copies what any start and
      any logger has in the work folder, its own store included.
    - What comes after the end of the run is passed over. A test that
      ``tools/train.py`` makes comes before it.

    Raises:
        ImportError: When first used, if MLflow is not installed.
    """

    iteration = 0  # set by LoggerHook, which asks for it
    _closed = False

    def _init_env(self) -> None:
        folder = Path(self._save_dir).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            import mlflow
        except ImportError as error:
            raise ImportError(
                'MLflowVisBackend needs MLflow: pip install mlflow, or '
                'mlflow-skinny sqlalchemy alembic'
            ) from error
        self._mlflow = mlflow
        self._began = folder.stat().st_mtime  # by the clock of its files
        self._open_experiment(folder)
        mlflow.start_run(run_name=self._run_name, tags=self._tags)
        mlflow.log_params(self._params or {})

    def _open_experiment(self, folder: Path) -> None:
        mlflow = self._mlflow
        of_user = os.environ.get(_VARIABLE)
        given = self._tracking_uri or of_user
        place = self._artifact_location
        if given is None and place is None:
            place = (folder / 'mlflow').as_uri()
        mlflow.set_tracking_uri(given or f'sqlite:///{folder}/mlflow.db')
        if of_user is None:  # MLflow sets it, for a next run to find
            os.environ.pop(_VARIABLE, None)
        name = self._exp_name or 'Default'
        # The one that is there from the beginning keeps its files elsewhere.
        if name == 'Default' and place is not None:
            name = 'trimodal'
        if mlflow.get_experiment_by_name(name) is None:
            mlflow.create_experiment(name, artifact_location=place)
        mlflow.set_experiment(name)

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Hand over the config: as parameters, and whole."""
        self.cfg = config
        keys = self._tracked_config_keys
        chosen = config.to_dict()
        if keys is not None:
            chosen = {key: chosen[key] for key in keys}
        flat = {k: _cut(v) for k, v in flatten(chosen).items()}
        self.experiment.log_params(flat)
        self.experiment.log_text(config.pretty_text, 'config.py')

    def add_run_info(self, info: Mapping[str, Any]) -> None:
        """Make what the run was made with its tags."""
        if not self._closed:
            tags = {k: _cut(v) for k, v in flatten(info).items()}
            self.experiment.set_tags(tags)

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
        """Log scalars."""
        if not self._closed:
            values = {_allowed(k): float(v) for k, v in scalar_dict.items()}
            values.pop('iter', None)  # their step
            self.experiment.log_metrics(values, step)

    def add_image(
        self, name: str, image: np.ndarray, step: int = 0, **kwargs: Any
    ) -> None:
        """Keep a picture, RGB, uint8 ``[H, W, 3]``."""
        if not self._closed:
            self.experiment.log_image(image, f'{name}_{step}.png')

    def close(self) -> None:
        """Keep what this start wrote, and end the run."""
        if self._env_initialized and not self._closed:
            for path, folder in self._files():
                self._mlflow.log_artifact(str(path), folder)
            self._mlflow.end_run()
            self._closed = True

    def _files(self) -> Iterator[tuple[Path, str | None]]:
        """What this start wrote, and the folder that it is kept in."""
        work_dir = getattr(self, 'cfg', {}).get('work_dir')
        if work_dir is None:
            return
        given = self._artifact_suffix
        ends = (given,) if isinstance(given, str) else tuple(given)
        data = Path(self._save_dir).resolve()
        start = data.parent
        # Not what lies deeper: the stores of this and of other loggers.
        for folder in (start, data):
            for path in _files_in(folder, ends):
                yield path, folder.relative_to(start.parent).as_posix()
        # Earlier starts wrote here, too.
        for path in _files_in(Path(work_dir), (*ends, *_REPORTS)):
            if path.stat().st_mtime >= self._began:
                yield path, None


def _files_in(folder: Path, ends: tuple[str, ...]) -> list[Path]:
    found = (path for path in folder.glob('*') if path.name.endswith(ends))
    return sorted(path for path in found if path.is_file())


def _allowed(name: str) -> str:
    """A name without the letters that MLflow refuses, such as brackets."""
    return re.sub(r'[^\w\-./: ]', '_', name)


def _cut(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f'{text[: LONGEST - 3]}...'
