# A speech encoder with a step every 40 ms, which the head reads one by one.
_base_ = './digits.py'

width = 128
vocabulary = dict(
    type='WordVocabulary',
    words=(
        *('zero', 'one', 'two', 'three', 'four'),
        *('five', 'six', 'seven', 'eight', 'nine'),
    ),
)

model = dict(
    data_preprocessor=dict(
        modalities=dict(
            _delete_=True,
            speech={{_base_.model.data_preprocessor.modalities.speech}},
        )
    ),
    encoders=dict(
        speech=dict(
            type='SpeechCNN',
            embed_dims=width,
            stem_channels=(16, 24),
            stem_strides=((2, 2), (2, 2)),
            channels=(64, 96, 128),
            strides=(1, 1, 1),
            dropout=0.2,
        )
    ),
    fusion=dict(
        type='SumFusion',
        modalities=('speech',),
        in_channels=width,
        out_channels=width,
    ),
)
