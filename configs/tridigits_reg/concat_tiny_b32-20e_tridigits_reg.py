_base_ = [
    '../_base_/datasets/tridigits_reg.py',
    '../_base_/fusions/concat.py',
    '../_base_/models/tridigits_reg.py',
    '../_base_/schedules/adamw_cosine_20e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    fusion={{_base_.fusion}},
    modality_dropout=dict(type='ModalityDropout', prob=0.3),
)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
default_hooks = dict(checkpoint=dict(save_best='regression/mae', rule='less'))
custom_hooks = [
    dict(type='EMAHook', momentum=0.01, priority='ABOVE_NORMAL'),
]
