# The speech encoder of tridigits_small.py with a head of its own.
_base_ = './tridigits_small.py'

modalities = ('speech',)
model = dict(
    data_preprocessor=dict(
        modalities=dict(
            _delete_=True,
            speech={{_base_.model.data_preprocessor.modalities.speech}},
        )
    ),
    encoders=dict(_delete_=True, speech={{_base_.model.encoders.speech}}),
    fusion=dict(modalities=modalities, in_channels=64),
)
