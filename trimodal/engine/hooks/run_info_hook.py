"""Keeps what a run was made with."""

import json
from pathlib import Path

from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from trimodal.registry import HOOKS
from trimodal.utils.run_info import collect_run_info

FILE_NAME = 'run_info.json'


@HOOKS.register_module()
class RunInfoHook(Hook):
    """Writes ``run_info.json`` into the log folder, and tells the loggers.

    It holds the git revision and whether files were changed since, versions
    of the packages, command line, folder, host, devices, number of processes,
    seed and the config's file. The config itself lies beside it, as
    ``vis_data/config.py``. TensorBoard has the same among its texts, W&B in
    the run's config, MLflow in the run's tags.
    """

    # The loggers must still be open, and have the config.
    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        self._done = False

    def before_run(self, runner: Runner) -> None:
        """Collect and write, once a process."""
        if self._done or not is_main_process():
            return
        self._done = True
        info = collect_run_info()
        info['config'] = runner.cfg.filename
        info['experiment'] = runner.experiment_name
        info['seed'] = runner.seed
        info['deterministic'] = runner.deterministic
        info['processes'] = get_world_size()
        path = Path(runner.log_dir) / FILE_NAME
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(info, indent=2) + '\n', encoding='utf-8')
        for backend in runner.visualizer._vis_backends.values():
            if hasattr(backend, 'add_run_info'):
                backend.add_run_info(info)
        git = info['git'] or info.get('project_git')
        if git is None:
            runner.logger.info('Code: in no git repository')
        else:
            changed = ', with changes' if git['dirty'] else ''
            runner.logger.info(f'Code: git {git["revision"]}{changed}')
