_base_ = '../_base_/tiny_demo.py'

model = dict(
    fusion=dict(
        _delete_=True,
        type='MulTFusion',
        modalities={{_base_.modalities}},
        in_channels={{_base_.width}},
        out_channels={{_base_.width}},
        embed_dims=64,
        num_layers=2,
        num_self_layers=1,
        num_heads=4,
        dropout=0.1,
    )
)
