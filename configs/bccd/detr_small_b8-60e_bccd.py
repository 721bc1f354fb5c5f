_base_ = [
    '../_base_/datasets/bccd_half.py',
    '../_base_/models/detr_small.py',
    '../_base_/schedules/adamw_cosine_60e.py',
    '../_base_/default_runtime.py',
]

default_hooks = dict(
    checkpoint=dict(interval=10, save_best='coco/AP50', rule='greater')
)
custom_hooks = [
    dict(
        type='EMAHook',
        ema_type='MomentumAnnealingEMA',
        momentum=0.002,
        gamma=10,
        update_buffers=True,
        priority='ABOVE_NORMAL',
    ),
]
