# How one model learns four tasks at once, or one of them; what a test says
# of each.
_base_ = [
    './datasets/tridigits_det.py',
    './models/tridigits_multitask.py',
    './schedules/adamw_cosine_12e.py',
    './default_runtime.py',
]

tasks = ('cls', 'value', 'text', 'boxes')
# As in tridigits_det.py: many small steps.
train_dataloader = dict(batch_size=16)
auto_scale_lr = dict(base_batch_size=16)
optim_wrapper = dict(optimizer=dict(lr=1.5e-3))
train_cfg = dict(val_interval=6)
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
