_base_ = [
    '../_base_/datasets/point_history.py',
    '../_base_/models/gesture_point.py',
    '../_base_/schedules/adamw_cosine_20e.py',
    '../_base_/default_runtime.py',
]

auto_scale_lr = dict(base_batch_size=64)
custom_hooks = [
    dict(type='EMAHook', momentum=0.01, priority='ABOVE_NORMAL'),
]
