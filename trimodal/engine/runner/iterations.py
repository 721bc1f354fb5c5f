"""Training by iterations: everything that counts follows."""

from mmengine.config import Config, ConfigDict

from trimodal.utils.config import ConfigError

# mmengine's own, where train_cfg says nothing.
_VAL_INTERVAL = 1000


def count_iterations(config: Config) -> None:
    """Let logs and checkpoints count iterations where training does.

    With ``train_cfg.max_iters``, ``by_epoch`` is False in it and in the
    ``log_processor``, and the metrics of a validation stand at its iteration
    in the curves. The checkpoint hook, unless it says ``by_epoch`` itself,
    counts iterations too: its ``interval`` of 1 then means that there is a
    checkpoint with each validation, another one so many iterations.

    Args:
        config (Config): A whole config; changed in place.

    Raises:
        ConfigError: If ``train_cfg`` has ``max_epochs`` as well.
    """
    train = config.train_cfg
    if train.get('max_epochs') is None:
        train.pop('max_epochs', None)
    if train.get('max_iters') is None:
        train.pop('max_iters', None)
        return
    if 'max_epochs' in train:
        raise ConfigError(
            f'train_cfg has max_epochs={train.max_epochs} and '
            f'max_iters={train.max_iters}: set the one that is not meant to '
            'None, and val_interval to a number of the other'
        )
    if 'type' not in train:
        train.by_epoch = False
    processor = config.setdefault('log_processor', ConfigDict())
    processor.by_epoch = False
    hooks = config.get('default_hooks', {})
    if hooks.get('logger'):
        hooks.logger.setdefault('log_metric_by_epoch', False)
    hook = hooks.get('checkpoint')
    if hook and 'by_epoch' not in hook:
        hook.by_epoch = False
        if hook.get('interval', 1) == 1:
            hook.interval = train.get('val_interval', _VAL_INTERVAL)
