# How models of connected digits are trained.
_base_ = [
    './datasets/connected_digits.py',
    './models/connected_digits.py',
    './schedules/adamw_cosine_20e.py',
    './default_runtime.py',
]

# A sentence is longer than a word.
model = dict(
    data_preprocessor=dict(
        modalities=dict(speech=dict(spec_augment=dict(num_time_masks=4)))
    )
)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(val_interval=5)
default_hooks = dict(checkpoint=dict(interval=5))
custom_hooks = [
    dict(type='EMAHook', momentum=0.01, priority='ABOVE_NORMAL'),
]
