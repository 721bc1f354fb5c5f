# Finger-tip paths in packed HDF5: see docs/datasets.md.
_base_ = './packed.py'

data_root = 'data/point_history'
train_pipeline = [
    # What a path means does not depend on where it points to.
    dict(
        type='RotateScaleLandmarks',
        angle=180,
        scale=(0.8, 1.25),
        center=(0, 0, 0),
    ),
    dict(type='TemporalJitter', max_offset=1.0, prob=0.5),
    dict(type='DropFrames', prob=0.5),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    batch_size=64,
    dataset=dict(data_root=data_root, pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))

test_evaluator = [
    dict(type='Accuracy', topk=(1,)),
    dict(type='SingleLabelMetric'),
    dict(type='PerClassTable'),
    dict(type='ConfusionMatrix'),
]
