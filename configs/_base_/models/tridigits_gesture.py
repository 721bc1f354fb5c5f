# The gesture encoder of tridigits_small.py with a head of its own.
_base_ = './tridigits_small.py'

modalities = ('gesture',)
model = dict(
    data_preprocessor=dict(
        modalities=dict(
            _delete_=True,
            gesture={{_base_.model.data_preprocessor.modalities.gesture}},
        )
    ),
    encoders=dict(_delete_=True, gesture={{_base_.model.encoders.gesture}}),
    fusion=dict(modalities=modalities, in_channels=64),
)
