"""mmengine's checkpoints; an old one goes when the new one is safe."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook as _CheckpointHook
from mmengine.runner import EpochBasedTrainLoop, Runner

from trimodal.registry import HOOKS
from trimodal.utils.config import ConfigError
from trimodal.utils.metric_rules import rule_of
from trimodal.utils.saving import TEMPORARY, SaveError, save_bytes


@HOOKS.register_module()
class CheckpointHook(_CheckpointHook):
    """Saves the last checkpoints and the best ones.

    It differs from mmengine's in this: checkpoints are deleted only after
    one that does without them is on the disk; the best ``save_top_k`` are
    kept; a work folder may be moved; what a killed run left half written is
    removed; a best one between two that are due does not bring another one;
    a full disk ends the run with one line.

    Args:
        interval (int): Save every so many epochs or iterations. Defaults to
            -1: never.
        by_epoch (bool): Whether to count epochs. Defaults to True.
        save_optimizer (bool): Whether the last checkpoints hold the state of
            the optimizer. Without it there is no resuming. Defaults to True.
        save_param_scheduler (bool): Whether they hold that of the schedules.
            Defaults to True.
        out_dir (str | Path | None): Folder in which a folder named after the
            work folder is made. Defaults to None: the work folder.
        max_keep_ckpts (int): How many of the last to keep. Defaults to -1:
            all.
        save_last (bool): Whether to save at the end in any case. Defaults to
            True.
        save_best (str | list[str] | None): Metrics whose best checkpoints to
            keep; 'auto' is the first one. Defaults to None.
        save_top_k (int): How many of the best to keep of each metric; -1 for
            all. Defaults to 1.
        rule (str | list[str] | None): 'greater' or 'less', for all metrics
            or for each. Defaults to None: by the metric's name.
        greater_keys (Sequence[str] | None): Parts of names of metrics of
            which more is better. Defaults to None: those of
            :mod:`trimodal.utils.metric_rules`, then mmengine's.
        less_keys (Sequence[str] | None): And of which less is better.
            Defaults to None: likewise.
        filename_tmpl (str | None): File name with ``{}`` for the count.
            Defaults to None: ``epoch_{}.pth`` or ``iter_{}.pth``.
        backend_args (dict | None): Another file backend than the local one,
            which then writes as it can. Defaults to None.
        published_keys (str | Sequence[str] | None): What to keep in a copy
            of the last and the best one that is made at the end. Defaults to
            None: no copy.
        save_begin (int): The first epoch or iteration to save at. Defaults
            to 0.

    Raises:
        ValueError: If a count is neither positive nor -1, or ``save_begin``
            is negative.
    """

    def __init__(
        self,
        interval: int = -1,
        by_epoch: bool = True,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        out_dir: str | Path | None = None,
        max_keep_ckpts: int = -1,
        save_last: bool = True,
        save_best: str | list[str] | None = None,
        save_top_k: int = 1,
        rule: str | list[str] | None = None,
        greater_keys: Sequence[str] | None = None,
        less_keys: Sequence[str] | None = None,
        filename_tmpl: str | None = None,
        backend_args: dict | None = None,
        published_keys: str | Sequence[str] | None = None,
        save_begin: int = 0,
    ) -> None:
        counts = {
            'interval': interval,
            'max_keep_ckpts': max_keep_ckpts,
            'save_top_k': save_top_k,
        }
        for name, count in counts.items():
            if not isinstance(count, int) or (count < 1 and count != -1):
                raise ValueError(
                    f'{name}={count!r}: must be at least 1 and whole, or -1'
                )
        if save_begin < 0:
            raise ValueError(f'save_begin={save_begin}: must be at least 0')
        self._names_tell = greater_keys is None and less_keys is None
        super().__init__(
            interval=interval,
            by_epoch=by_epoch,
            save_optimizer=save_optimizer,
            save_param_scheduler=save_param_scheduler,
            out_dir=out_dir,
            max_keep_ckpts=max_keep_ckpts,
            save_last=save_last,
            save_best=save_best,  # type: ignore[arg-type]
            rule=rule,
            greater_keys=greater_keys,
            less_keys=less_keys,
            filename_tmpl=filename_tmpl,
            backend_args=backend_args,
            published_keys=published_keys,  # type: ignore[arg-type]
            save_begin=save_begin,
        )
        self.save_top_k = save_top_k
        self._saved_step: int | None = None
        self._meta: dict[str, Any] = {}

    def _init_rule(
        self, rules: list[str | None], key_indicators: list[str]
    ) -> None:
        """What our metrics' names tell; the parent knows of others."""
        if self._names_tell:
            each = rules if len(rules) > 1 else rules * len(key_indicators)
            rules = [
                rule_of(key) if rule is None else rule
                for rule, key in zip(each, key_indicators, strict=True)
            ]
        super()._init_rule(rules, key_indicators)

    def before_train(self, runner: Runner) -> None:
        """Go on where a run was stopped, and tidy up after it."""
        super().before_train(runner)
        hub = runner.message_hub
        for key, value in hub.runtime_info.items():
            if key == 'last_ckpt' or key.startswith('best_ckpt'):
                hub.update_info(key, self._path(os.path.basename(value)))
        if runner._resume and 'last_ckpt' in hub.runtime_info:
            self.last_ckpt = hub.get_info('last_ckpt')
            self._saved_step = runner.epoch if self.by_epoch else runner.iter
            self._warn_of_repeated_batches(runner)
        self._remember_best(runner)
        if is_main_process() and self._is_local():
            for rest in Path(self.out_dir).glob(f'*.pth{TEMPORARY}'):
                rest.unlink()
        self._remove_obsolete(runner)

    def before_save_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Where the run is; FlexibleRunner makes a guess of its own.

        It takes a checkpoint saved after a validation for one of the next
        epoch: a resumed run would pass over that.
        """
        checkpoint['meta'].update(self._meta)

    def _warn_of_repeated_batches(self, runner: Runner) -> None:
        loop = runner.train_loop
        if isinstance(loop, EpochBasedTrainLoop):
            done = runner.iter % len(loop.dataloader)
            if done:
                runner.logger.warning(
                    f'The checkpoint was saved after {done} batches of epoch '
                    f'{runner.epoch + 1}, which begins anew: this run will '
                    'differ from one that never stopped. Save at the end of '
                    'epochs (by_epoch=True) or train by max_iters.'
                )

    def _save_checkpoint_with_step(
        self, runner: Runner, step: int, meta: dict[str, Any]
    ) -> None:
        """Save the last checkpoint, then remove what it does without."""
        hub = runner.message_hub
        if self.max_keep_ckpts > 0 and step not in self.keep_ckpt_ids:
            names = [self.filename_tmpl.format(i) for i in self.keep_ckpt_ids]
            outdated = max(0, len(names) + 1 - self.max_keep_ckpts)
            self._note_obsolete(runner, names[:outdated])
            self.keep_ckpt_ids.append(step)  # the oldest falls out
            hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        name = self.filename_tmpl.format(step)
        path = self._path(name)
        hub.update_info('last_ckpt', path)
        self._write(runner, name, meta, whole=True)
        if is_main_process():
            save_bytes(path.encode(), Path(runner.work_dir, 'last_checkpoint'))
        self.last_ckpt, self._saved_step = path, step
        self._remove_obsolete(runner)

    def _save_best_checkpoint(
        self, runner: Runner, metrics: dict[str, Any]
    ) -> None:
        """Save under the name of each metric that has become better."""
        if not self.save_best:
            return
        if 'auto' in self.key_indicators:
            self._init_rule(self.rules, [next(iter(metrics))])
        step = runner.epoch if self.by_epoch else runner.iter
        named = [
            name
            for key in self.key_indicators
            if (name := self._rank(runner, key, metrics, step)) is not None
        ]
        meta = {'epoch': runner.epoch, 'iter': runner.iter}
        for name in named:
            self._write(runner, name, dict(meta), whole=False)
            runner.logger.info(f'{name} is among the best and is saved.')
        if named and self._saved_step == step:
            # Once more, as the file does not know of the best one yet.
            self._save_checkpoint_with_step(runner, step, meta)
        elif self.interval < 1:  # there is no file that needs the old ones
            self._remove_obsolete(runner)

    def _rank(
        self, runner: Runner, key: str, metrics: dict[str, Any], step: int
    ) -> str | None:
        """The name for this checkpoint, if it is among the best."""
        if key not in metrics:
            raise ConfigError(
                f'CheckpointHook: save_best={key!r} is no metric of the '
                f'validation, which gives {", ".join(metrics)}'
            )
        score = metrics[key]
        if score is None or score != score:  # NaN is never good
            return None
        hub, name = runner.message_hub, self._best_name(key, step)
        best = hub.runtime_info.get(self._info('top_ckpts', key), [])
        best = [entry for entry in best if entry[1] != name]
        better = self.is_better_than[key]
        place = sum(not better(score, other) for other, _ in best)
        if place == self.save_top_k:
            return None
        best.insert(place, [float(score), name])
        count = self.save_top_k if self.save_top_k > 0 else len(best)
        self._note_obsolete(runner, [name for _, name in best[count:]])
        hub.update_info(self._info('top_ckpts', key), best[:count])
        if place == 0:
            hub.update_info(self._info('best_score', key), score)
            hub.update_info(self._info('best_ckpt', key), self._path(name))
            self._remember_best(runner)
        return name

    def _remember_best(self, runner: Runner) -> None:
        """Where the parent looks for the best ones."""
        if not self.save_best:
            return
        info = runner.message_hub.runtime_info
        paths = {
            key: info.get(self._info('best_ckpt', key))
            for key in self.key_indicators
        }
        if len(paths) == 1:
            self.best_ckpt_path = next(iter(paths.values()))
        else:
            self.best_ckpt_path_dict = paths
        for key, path in paths.items():
            # As a checkpoint of mmengine's own hook has it.
            score, top = (
                self._info('best_score', key),
                self._info('top_ckpts', key),
            )
            if path and top not in info:
                entry = [float(info[score]), os.path.basename(path)]
                runner.message_hub.update_info(top, [entry])

    def _info(self, name: str, key: str) -> str:
        """Where the message hub has something about a metric."""
        return name if len(self.key_indicators) == 1 else f'{name}_{key}'

    def _best_name(self, key: str, step: int) -> str:
        name = self.filename_tmpl.format(step)
        return f'best_{key}_{name}'.replace('/', '_')

    def _path(self, name: str) -> str:
        return self.file_backend.join_path(self.out_dir, name)

    def _is_local(self) -> bool:
        return self.backend_args is None and '://' not in str(self.out_dir)

    def _write(
        self, runner: Runner, name: str, meta: dict[str, Any], whole: bool
    ) -> None:
        self._meta = dict(meta)
        try:
            runner.save_checkpoint(
                self.out_dir,
                name,
                save_optimizer=whole and self.save_optimizer,
                save_param_scheduler=whole and self.save_param_scheduler,
                meta=meta,
                by_epoch=whole and self.by_epoch,
                backend_args=self.backend_args,
            )
        except SaveError as error:
            last = f'; the last good one is {self.last_ckpt}'
            raise SaveError(
                f'{error}{last if self.last_ckpt else ""}. Make room '
                '(max_keep_ckpts and save_top_k keep fewer) and go on with '
                '--resume'
            ) from error
        finally:
            self._meta = {}

    # What a checkpoint makes superfluous is written in it: who resumes from
    # it removes what a kill right after the saving has left.

    def _note_obsolete(self, runner: Runner, names: Sequence[str]) -> None:
        noted = runner.message_hub.runtime_info.get('obsolete_ckpts', [])
        runner.message_hub.update_info('obsolete_ckpts', [*noted, *names])

    def _remove_obsolete(self, runner: Runner) -> None:
        names = runner.message_hub.runtime_info.get('obsolete_ckpts', [])
        runner.message_hub.update_info('obsolete_ckpts', [])
        for path in map(self._path, names if is_main_process() else ()):
            if self.file_backend.isfile(path):
                self.file_backend.remove(path)
            elif self.file_backend.isdir(path):  # of DeepSpeed
                self.file_backend.rmtree(path)
