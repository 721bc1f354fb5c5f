# By iterations: AdamW, linear warm-up over 200, then linearly down to nothing
# at 2000; validation and a checkpoint every 500.
_base_ = './adamw_poly_20e.py'

param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=200, by_epoch=False),
    dict(
        type='LinearLR',
        start_factor=1.0,
        end_factor=0.0,
        begin=200,
        end=2000,
        by_epoch=False,
    ),
]
train_cfg = dict(
    _delete_=True, by_epoch=False, max_iters=2000, val_interval=500
)
