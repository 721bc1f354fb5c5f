# One point in the plane, followed over time: one joint of one hand.
width = 64
layout = dict(parents=(0,))

model = dict(
    type='TriModalFusionModel',
    data_preprocessor=dict(
        type='TriModalDataPreprocessor',
        modalities=dict(
            gesture=dict(
                type='GesturePreprocessor',
                streams=('joint', 'motion'),
                num_hands=1,
                layout=layout,
                coordinates=2,
            )
        ),
    ),
    encoders=dict(
        gesture=dict(
            type='STGCN',
            in_channels=4,
            channels=(width,) * 4,
            strides=(1, 1, 1, 1),
            kernel_size=5,
            partition='distance',
            max_hops=0,
            num_hands=1,
            layout=layout,
        )
    ),
    fusion=dict(
        type='ConcatFusion',
        modalities=('gesture',),
        in_channels=width,
        out_channels=width,
    ),
    heads=dict(
        cls=dict(
            type='ClsHead',
            num_classes=4,
            in_channels=width,
            dropout=0.1,
            loss=dict(type='CrossEntropyLoss', label_smoothing=0.1),
        )
    ),
)
