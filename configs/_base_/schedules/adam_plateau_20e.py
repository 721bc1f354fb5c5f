# Adam; a fifth of the rate whenever two validations have brought nothing
# better. `monitor` names a metric of the validation, `rule` says which is
# better, 'less' or 'greater'.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-3),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = dict(
    type='ReduceOnPlateauLR',
    monitor='accuracy/top1',
    rule='greater',
    factor=0.2,
    patience=1,
    min_value=1e-6,
)
train_cfg = dict(by_epoch=True, max_epochs=20, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=32, enable=False)
