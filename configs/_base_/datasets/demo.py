# The generated commands, prepared into packed HDF5: see docs/datasets.md.
dataset_type = 'PackedTriModalDataset'
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
test_pipeline = [dict(type='PackInputs')]

train_dataloader = dict(
    batch_size=16,
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
    batch_size=50,
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
    batch_size=50,
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
    dict(type='Accuracy', topk=(1,)),
    dict(type='SingleLabelMetric'),
    dict(type='PerClassTable'),
]
