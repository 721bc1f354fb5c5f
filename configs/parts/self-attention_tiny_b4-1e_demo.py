_base_ = '../_base_/tiny_demo.py'

model = dict(
    fusion=dict(
        _delete_=True,
        type='SelfAttentionFusion',
        modalities={{_base_.modalities}},
        in_channels={{_base_.width}},
        out_channels={{_base_.width}},
        num_layers=1,
        num_heads=4,
        feedforward_channels=256,
    ),
)
