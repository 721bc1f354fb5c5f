_base_ = './inputs.py'

fusion = dict(
    type='MulTFusion',
    modalities={{_base_.modalities}},
    in_channels={{_base_.widths}},
    out_channels=64,
    embed_dims=32,
    num_layers=1,
    num_self_layers=1,
    num_heads=4,
    pooling='mean',
)
