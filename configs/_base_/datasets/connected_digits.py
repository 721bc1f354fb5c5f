# Sentences of spoken digits, prepared into packed HDF5: see docs/datasets.md.
# Training sentences are joined anew in every epoch.
_base_ = './packed.py'

data_root = 'data/connected_digits_packed'
clip_pipeline = [
    dict(type='SpeedPerturb', speed=(0.9, 1.1)),
]
train_pipeline = [
    *clip_pipeline,
    dict(
        type='JoinClips',
        clips=dict(
            type='PackedTriModalDataset',
            data_root=data_root,
            ann_file='train.h5',
            # Files are opened when a sentence is first made.
            lazy_init=True,
            pipeline=clip_pipeline,
        ),
    ),
    dict(type='SpeedPerturb', speed=(0.8, 1.25)),
    dict(type='AddNoise', snr=(5, 30), prob=0.5),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    batch_size=32,
    dataset=dict(data_root=data_root, pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))

val_evaluator = dict(_delete_=True, type='TextMetric')
test_evaluator = val_evaluator
