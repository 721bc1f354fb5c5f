# SGD with momentum, one cycle: up to the highest rate in the first 30 %, then
# down to nothing (https://arxiv.org/abs/1708.07120). eta_max is what counts;
# --auto-scale-lr does not change it.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = dict(
    type='OneCycleLR',
    eta_max=0.05,
    total_steps=20,
    by_epoch=True,
    convert_to_iter_based=True,
)
train_cfg = dict(by_epoch=True, max_epochs=20, val_interval=1)
val_cfg = dict()
test_cfg = dict()
