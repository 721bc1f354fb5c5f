# The generated commands, prepared into packed HDF5: see docs/datasets.md.
_base_ = './packed.py'

data_root = 'data/demo_packed'
train_pipeline = [
    dict(type='SpeedPerturb'),
    dict(type='AddNoise', snr=(10, 30), prob=0.5),
    dict(type='TemporalJitter', prob=0.5),
    dict(type='RotateScaleLandmarks', angle=10),
    dict(type='SpatialNoise', std=0.02),
    dict(type='RandomResizedCrop', size=(64, 64), scale=(0.7, 1.0)),
    dict(type='RandomFlip'),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    batch_size=16,
    dataset=dict(data_root=data_root, pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
