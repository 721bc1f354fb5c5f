_base_ = '../_base_/tiny_demo.py'

model = dict(
    fusion=dict(
        _delete_=True,
        type='LateFusion',
        modalities={{_base_.modalities}},
        in_channels={{_base_.width}},
        out_channels=8,
        rule='weighted',
        hidden_channels=64,
    ),
    heads=dict(cls=dict(in_channels=8, dropout=0.0, decisions=True)),
)
