_base_ = [
    '../_base_/single_tridigits.py',
    '../_base_/models/tridigits_image.py',
]

modalities = {{_base_.modalities}}
train_dataloader = dict(dataset=dict(modalities=modalities))
val_dataloader = dict(dataset=dict(modalities=modalities))
test_dataloader = dict(dataset=dict(modalities=modalities))
