# TriDigits with several written digits in a picture: see docs/datasets.md.
_base_ = './tridigits.py'

data_root = 'data/tridigits_det'
# What moves or crops the picture could lose the asked digit or change the
# target, which the others sum up to: only its colours change.
train_pipeline = [
    dict(type='SpeedPerturb', speed=(0.8, 1.25)),
    dict(type='TimeShift', max_fraction=0.2, prob=0.3),
    dict(type='AddNoise', snr=(5, 30), prob=0.5),
    dict(type='VolumePerturb'),
    dict(type='TemporalJitter', prob=0.5),
    dict(type='RotateScaleLandmarks', angle=20, tilt=15),
    dict(type='SpatialNoise', std=0.02),
    dict(type='DropFrames', prob=0.5),
    dict(type='ColorJitter', saturation=0.0),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    dataset=dict(data_root=data_root, pipeline=train_pipeline)
)
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
