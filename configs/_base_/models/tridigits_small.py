# Three small encoders, each of some 10 ms a batch of 64 on one core. For
# speech at 8 kHz and pictures of 28 x 28.
_base_ = './digits.py'

model = dict(
    encoders=dict(
        speech=dict(
            type='SpeechCNN',
            embed_dims=64,
            stem_channels=(16, 24),
            stem_strides=((2, 2), (2, 2)),
            channels=(48, 64, 96),
            dropout=0.2,
        ),
        gesture=dict(
            type='HandGraphEncoder',
            graph_channels=(16, 32),
            embed_dims=64,
            num_layers=1,
            dropout=0.2,
        ),
        image=dict(
            type='TorchvisionBackbone',
            name='shufflenet_v2_x1_0',
            level='stage2',
        ),
    ),
    fusion=dict(type='ConcatFusion', out_channels=64),
    heads=dict(cls=dict(in_channels=64)),
)
