# The small model, for the demo's 8 commands at 16 kHz.
_base_ = './concat_small.py'

model = dict(
    data_preprocessor=dict(
        modalities=dict(
            speech=dict(
                sample_rate=16000, n_fft=512, win_length=400, hop_length=160
            )
        )
    ),
    heads=dict(cls=dict(num_classes=8)),
)
