_base_ = './concat_tiny_b32-20e_tridigits_reg.py'

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
    modality_dropout=None,
)
train_dataloader = dict(dataset=dict(modalities=modalities))
val_dataloader = dict(dataset=dict(modalities=modalities))
test_dataloader = dict(dataset=dict(modalities=modalities))
