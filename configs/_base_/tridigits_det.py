# Which of several written digits was asked for; what a test says of it.
_base_ = [
    './datasets/tridigits_det.py',
    './models/tridigits_det.py',
    './schedules/adamw_cosine_20e.py',
    './default_runtime.py',
]

optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(val_interval=5)
val_evaluator = [dict(type='CocoMetric')]
test_evaluator = [dict(type='CocoMetric'), dict(type='Accuracy')]
default_hooks = dict(checkpoint=dict(save_best='coco/AP50', rule='greater'))
custom_hooks = [
    dict(type='EMAHook', momentum=0.01, priority='ABOVE_NORMAL'),
]
