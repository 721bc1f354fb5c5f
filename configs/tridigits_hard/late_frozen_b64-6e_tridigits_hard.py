_base_ = [
    '../_base_/datasets/tridigits_hard.py',
    '../_base_/fusions/late.py',
    '../_base_/models/tridigits_frozen_hard.py',
    '../_base_/schedules/adamw_cosine_6e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    fusion={{_base_.fusion}},
    heads=dict(cls=dict(in_channels=10, decisions=True, dropout=0.0)),
)
train_dataloader = dict(batch_size=64)
