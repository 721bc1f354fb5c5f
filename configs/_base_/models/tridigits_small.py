# Three small encoders, each of some 10 ms a batch of 64 on one core. For
# speech at 8 kHz and pictures of 28 x 28.
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
    heads=dict(
        cls=dict(
            type='ClsHead',
            num_classes=10,
            in_channels=64,
            dropout=0.1,
            loss=dict(type='CrossEntropyLoss', label_smoothing=0.1),
        )
    ),
)
