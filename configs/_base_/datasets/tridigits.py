# TriDigits, prepared into packed HDF5: see docs/datasets.md.
dataset_type = 'PackedTriModalDataset'
data_root = 'data/tridigits_packed'

train_pipeline = [
    dict(type='SpeedPerturb', speed=(0.8, 1.25)),
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
test_pipeline = [dict(type='PackInputs')]

train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='train.h5',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=100,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='val.h5',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = dict(
    batch_size=100,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='test.h5',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)

val_evaluator = dict(type='Accuracy', topk=(1,))
test_evaluator = [
    dict(type='Accuracy', topk=(1, 3)),
    dict(type='SingleLabelMetric'),
    dict(type='PerClassTable'),
]
