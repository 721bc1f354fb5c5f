# Loaders over the packed HDF5 files of tools/prepare_data.py. A data set adds
# its folder, its pipelines and its batch size.
test_pipeline = [dict(type='PackInputs')]
# A batch leaves its worker as one piece of memory, not tensor by tensor.
collate = dict(type='trimodal.shared_collate')

train_dataloader = dict(
    num_workers=1,
    persistent_workers=True,
    collate_fn=collate,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='PackedTriModalDataset', ann_file='train.h5'),
)
val_dataloader = dict(
    batch_size=100,
    num_workers=1,
    persistent_workers=True,
    collate_fn=collate,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PackedTriModalDataset',
        ann_file='val.h5',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = dict(
    batch_size=100,
    num_workers=1,
    persistent_workers=True,
    collate_fn=collate,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PackedTriModalDataset',
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

# For tools/test.py --tta: the mean over three speeds of speaking.
tta_model = dict(type='TriModalTTAModel')
tta_pipeline = [
    dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(type='SpeedPerturb', speed=(0.9, 0.9)),
                dict(type='SpeedPerturb', speed=(1.0, 1.0)),
                dict(type='SpeedPerturb', speed=(1.1, 1.1)),
            ],
            [dict(type='PackInputs')],
        ],
    )
]
