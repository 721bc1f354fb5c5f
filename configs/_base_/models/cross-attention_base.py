# The base size: for speech at 16 kHz and pictures of 224 x 224. Its training
# step is what benchmarks/train_step.py measures. Regularised by stochastic
# depth; dropout draws a number for every value, which a CPU is slow at (3 % of
# a step).
width = 512

model = dict(
    type='TriModalFusionModel',
    data_preprocessor=dict(
        type='TriModalDataPreprocessor',
        modalities=dict(
            speech=dict(type='SpeechPreprocessor'),
            gesture=dict(type='GesturePreprocessor'),
            image=dict(type='ImagePreprocessor'),
        ),
    ),
    encoders=dict(
        speech=dict(
            type='SpeechTransformer',
            in_channels=80,
            embed_dims=width,
            num_layers=6,
            num_heads=8,
            feedforward_channels=2048,
            dropout=0.0,
            drop_path=0.1,
        ),
        gesture=dict(
            type='HandGraphEncoder',
            graph_channels=(64, 128),
            embed_dims=256,
            num_layers=3,
            dropout=0.0,
            drop_path=0.1,
        ),
        image=dict(
            type='VisionTransformer',
            img_size=224,
            patch_size=16,
            drop_path=0.1,
        ),
    ),
    fusion=dict(
        type='CrossModalAttentionFusion',
        modalities=('speech', 'gesture', 'image'),
        in_channels=dict(speech=width, gesture=256, image=768),
        out_channels=width,
        num_layers=2,
        num_heads=8,
        feedforward_channels=2048,
        dropout=0.0,
        drop_path=0.1,
    ),
    heads=dict(cls=dict(type='ClsHead', num_classes=10, in_channels=width)),
)
