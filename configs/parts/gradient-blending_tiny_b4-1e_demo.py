_base_ = '../_base_/tiny_demo.py'

# The first 100 samples of the training set are held out: they are measured,
# not learned from.
model = dict(
    objectives=dict(
        blend=dict(
            type='GradientBlending',
            modalities={{_base_.modalities}},
            in_channels={{_base_.width}},
            head=dict(type='ClsHead', num_classes=8),
        )
    )
)
train_dataloader = dict(dataset=dict(indices=list(range(100, 400))))
held_out = dict(
    batch_size=100,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PackedTriModalDataset',
        data_root={{_base_.data_root}},
        ann_file='train.h5',
        pipeline={{_base_.test_pipeline}},
        indices=100,
    ),
)
custom_hooks = [
    dict(type='GradientBlendingHook', super_epoch=1, dataloader=held_out)
]
