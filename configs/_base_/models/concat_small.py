# Three small encoders, concatenated: trains on a CPU in minutes. For speech
# at 8 kHz and pictures of 28 x 28.
modalities = ('speech', 'gesture', 'image')
width = 128

model = dict(
    type='TriModalFusionModel',
    data_preprocessor=dict(
        type='TriModalDataPreprocessor',
        modalities=dict(
            speech=dict(
                type='SpeechPreprocessor',
                sample_rate=8000,
                n_fft=256,
                win_length=200,
                hop_length=80,
                n_mels=40,
                f_min=60.0,
                top_db=40.0,
                normalize='utterance',
                spec_augment=dict(
                    type='SpecAugment', time_width=10, freq_width=8
                ),
            ),
            gesture=dict(type='GesturePreprocessor'),
            image=dict(type='ImagePreprocessor'),
        ),
    ),
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
    heads=dict(
        cls=dict(
            type='ClsHead',
            num_classes=10,
            in_channels=width,
            dropout=0.1,
            loss=dict(type='CrossEntropyLoss', label_smoothing=0.1),
        )
    ),
    modality_dropout=dict(type='ModalityDropout', prob=0.3),
)
