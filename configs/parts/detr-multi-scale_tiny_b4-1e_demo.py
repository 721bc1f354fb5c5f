# As detr-dense_tiny_b4-1e_demo.py, on parts of pictures that still show an
# object, each in one of several sizes: a batch has pictures of several.
_base_ = './detr-dense_tiny_b4-1e_demo.py'

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='RandomFlip'),
            dict(type='ColorJitter', hue=0.05),
            dict(type='RandomIoUCrop', scale=(0.5, 1.0)),
            dict(type='RandomResize', sizes=(48, 64, 80), keep_ratio=True),
            dict(type='PackInputs'),
        ]
    )
)
