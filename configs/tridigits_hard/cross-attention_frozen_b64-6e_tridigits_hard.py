_base_ = [
    '../_base_/datasets/tridigits_hard.py',
    '../_base_/fusions/cross-attention.py',
    '../_base_/models/tridigits_frozen_hard.py',
    '../_base_/schedules/adamw_cosine_6e.py',
    '../_base_/default_runtime.py',
]

model = dict(fusion={{_base_.fusion}})
train_dataloader = dict(batch_size=64)
