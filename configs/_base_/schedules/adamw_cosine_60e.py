# For little data: AdamW, four epochs of warm-up, cosine to
# 1 % over the rest; an average of the weights is what is validated.
_base_ = './adamw_cosine_20e.py'

param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=0.01,
        by_epoch=True,
        begin=0,
        end=4,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.01,
        by_epoch=True,
        begin=4,
        end=60,
        T_max=56,
        convert_to_iter_based=True,
    ),
]
train_cfg = dict(max_epochs=60, val_interval=10)
auto_scale_lr = dict(base_batch_size=8)
