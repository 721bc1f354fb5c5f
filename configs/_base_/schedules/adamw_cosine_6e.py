# For the little that is learned on frozen encoders: AdamW, one epoch of
# warm-up, cosine to 1 % over five.
_base_ = './adamw_cosine_20e.py'

optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=0.01,
        by_epoch=True,
        begin=0,
        end=1,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.01,
        by_epoch=True,
        begin=1,
        end=6,
        T_max=5,
        convert_to_iter_based=True,
    ),
]
train_cfg = dict(max_epochs=6, val_interval=6)
auto_scale_lr = dict(base_batch_size=64)
