# Three small encoders, concatenated: trains on a CPU in minutes. For speech
# at 8 kHz and pictures of 28 x 28.
_base_ = './digits.py'

modalities = ('speech', 'gesture', 'image')
width = 128

model = dict(
    encoders=dict(
        speech=dict(
            type='SpeechTransformer',
            in_channels=40,
            embed_dims=width,
            num_layers=2,
            num_heads=4,
            feedforward_channels=256,
            conv_channels=(32, 64, 64),
            conv_strides=((1, 2), (2, 2), (2, 2)),
            conv_norm='batch',
        ),
        gesture=dict(
            type='HandGraphEncoder',
            graph_channels=(32, 64),
            embed_dims=width,
            num_layers=2,
        ),
        image=dict(
            type='TorchvisionBackbone', name='resnet18', level='layer2'
        ),
    ),
    fusion=dict(
        type='ConcatFusion',
        modalities=modalities,
        in_channels=width,
        out_channels=width,
    ),
    heads=dict(cls=dict(in_channels=width)),
    modality_dropout=dict(type='ModalityDropout', prob=0.3),
)
