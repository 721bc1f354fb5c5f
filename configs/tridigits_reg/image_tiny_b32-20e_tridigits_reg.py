_base_ = './concat_tiny_b32-20e_tridigits_reg.py'

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
    modality_dropout=None,
)
train_dataloader = dict(dataset=dict(modalities=modalities))
val_dataloader = dict(dataset=dict(modalities=modalities))
test_dataloader = dict(dataset=dict(modalities=modalities))
