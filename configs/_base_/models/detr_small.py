# A detector of 1.5 million parameters for pictures alone, made to be trained
# from scratch: a narrow ResNet with a pyramid of strides 8, 16 and 32; cells
# that learn many to one choose the queries, which two layers refine.
modalities = ('image',)
width = 96

model = dict(
    type='TriModalFusionModel',
    data_preprocessor=dict(
        type='TriModalDataPreprocessor',
        modalities=dict(image=dict(type='ImagePreprocessor')),
    ),
    encoders=dict(
        image=dict(
            type='FeaturePyramid',
            backbone=dict(
                type='TimmBackbone',
                name='resnet10t',
                level=(2, 3, 4),
                options=dict(channels=(32, 64, 128, 192), stem_width=16),
            ),
            out_channels=width,
        )
    ),
    fusion=dict(
        type='ConcatFusion',
        modalities=modalities,
        in_channels=width,
        out_channels=width,
    ),
    heads=dict(
        det=dict(
            type='DETRHead',
            num_classes=3,
            in_channels=width,
            stream='image',
            num_levels=3,
            num_queries=60,
            num_layers=2,
            num_heads=4,
            feedforward_channels=2 * width,
            context=None,
            dense=dict(type='DenseBoxes'),
            denoising=dict(type='BoxDenoising', max_queries=60),
        )
    ),
)
