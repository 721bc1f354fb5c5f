# How the small encoders of TriDigits are trained, one modality at a time.
_base_ = [
    './datasets/tridigits.py',
    './schedules/adamw_cosine_20e.py',
    './default_runtime.py',
]

train_dataloader = dict(batch_size=64)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(val_interval=10)
custom_hooks = [
    dict(type='EMAHook', momentum=0.01, priority='ABOVE_NORMAL'),
]
