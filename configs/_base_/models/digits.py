# What models of spoken, signed and written digits share: speech at 8 kHz,
# pictures of 28 x 28, ten classes.
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
    heads=dict(
        cls=dict(
            type='ClsHead',
            num_classes=10,
            dropout=0.1,
            loss=dict(type='CrossEntropyLoss', label_smoothing=0.1),
        )
    ),
)
