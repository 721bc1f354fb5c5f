# TriDigits, prepared into packed HDF5: see docs/datasets.md.
_base_ = './packed.py'

data_root = 'data/tridigits_packed'
train_pipeline = [
    dict(type='SpeedPerturb', speed=(0.8, 1.25)),
    dict(type='TimeShift', max_fraction=0.2, prob=0.3),
    dict(type='AddNoise', snr=(5, 30), prob=0.5),
    dict(type='VolumePerturb'),
    dict(type='TemporalJitter', prob=0.5),
    dict(type='RotateScaleLandmarks', angle=20, tilt=15),
    dict(type='SpatialNoise', std=0.02),
    dict(type='DropFrames', prob=0.5),
    dict(type='RandomRotate', angle=12),
    dict(
        type='RandomResizedCrop',
        size=(28, 28),
        scale=(0.75, 1.0),
        ratio=(0.85, 1.18),
    ),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    batch_size=32,
    dataset=dict(data_root=data_root, pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
