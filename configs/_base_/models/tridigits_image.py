# The image encoder of tridigits_small.py with a head of its own.
_base_ = './tridigits_small.py'

modalities = ('image',)
model = dict(
    data_preprocessor=dict(
        modalities=dict(
            _delete_=True,
            image={{_base_.model.data_preprocessor.modalities.image}},
        )
    ),
    encoders=dict(_delete_=True, image={{_base_.model.encoders.image}}),
    fusion=dict(modalities=modalities, in_channels=116),
)
