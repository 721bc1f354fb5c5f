_base_ = [
    '../_base_/datasets/tridigits.py',
    '../_base_/models/tridigits_image.py',
    '../_base_/schedules/adamw_cosine_20e.py',
    '../_base_/default_runtime.py',
]

modalities = {{_base_.modalities}}
train_dataloader = dict(batch_size=64, dataset=dict(modalities=modalities))
val_dataloader = dict(dataset=dict(modalities=modalities))
test_dataloader = dict(dataset=dict(modalities=modalities))
optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(val_interval=10)
custom_hooks = [
    dict(type='EMAHook', momentum=0.01, priority='ABOVE_NORMAL'),
]
