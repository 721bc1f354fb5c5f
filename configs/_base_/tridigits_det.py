# Which of several written digits was asked for; what a test says of it.
_base_ = [
    './datasets/tridigits_det.py',
    './models/tridigits_det.py',
    './schedules/adamw_cosine_12e.py',
    './default_runtime.py',
]

# Many small steps: what was asked for is learned in fewer epochs.
train_dataloader = dict(batch_size=16)
auto_scale_lr = dict(base_batch_size=16)
optim_wrapper = dict(optimizer=dict(lr=1.5e-3))
train_cfg = dict(val_interval=4)
val_evaluator = [dict(type='CocoMetric')]
test_evaluator = [
    dict(type='CocoMetric', outfile_prefix='coco'),
    dict(type='Accuracy'),
]
default_hooks = dict(checkpoint=dict(save_best='coco/AP50', rule='greater'))
custom_hooks = [
    dict(type='EMAHook', momentum=0.01, priority='ABOVE_NORMAL'),
]
