# AdamW, one epoch of warm-up, cosine to 1 % over eleven.
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
        end=12,
        T_max=11,
        convert_to_iter_based=True,
    ),
]
train_cfg = dict(max_epochs=12)
