# Which of several written digits was asked for; what a test says of it.
_base_ = [
    './datasets/tridigits_det.py',
    './models/tridigits_det.py',
    './schedules/adamw_cosine_12e.py',
    './default_runtime.py',
]

train_cfg = dict(val_interval=4)
val_evaluator = [dict(type='CocoMetric')]
test_evaluator = [dict(type='CocoMetric'), dict(type='Accuracy')]
default_hooks = dict(checkpoint=dict(save_best='coco/AP50', rule='greater'))
custom_hooks = [
    dict(type='EMAHook', momentum=0.01, priority='ABOVE_NORMAL'),
]
