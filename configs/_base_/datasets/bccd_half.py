# Blood cells at half their size: a red cell has 50 pixels still, and a step
# takes a quarter of the time. Parts of pictures, either way up.
_base_ = './bccd.py'

image_size = (240, 320)
train_pipeline = [
    dict(
        type='RandomResizedCrop',
        size=image_size,
        scale=(0.5, 1.0),
        ratio=(1.1, 1.6),
    ),
    dict(type='RandomFlip'),
    dict(type='RandomFlip', direction='vertical'),
    dict(
        type='ColorJitter',
        brightness=0.3,
        contrast=0.3,
        saturation=0.3,
        hue=0.05,
    ),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='Resize', size=image_size),
    dict(type='PackInputs'),
]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
