# How one model learns four tasks at once, or one of them; what a test says
# of each.
_base_ = [
    './datasets/tridigits_det.py',
    './models/tridigits_multitask.py',
    './schedules/adamw_cosine_20e.py',
    './default_runtime.py',
]

tasks = ('cls', 'value', 'text', 'boxes')
optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(val_interval=10)
val_evaluator = [dict(type='Accuracy')]
test_evaluator = [
    dict(type='Accuracy'),
    dict(type='RegressionMetric'),
    dict(type='TextMetric'),
    dict(type='CocoMetric', outfile_prefix='coco'),
]
custom_hooks = [
    dict(type='EMAHook', momentum=0.01, priority='ABOVE_NORMAL'),
]
