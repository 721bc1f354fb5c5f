_base_ = './inputs.py'

fusion = dict(
    type='AttentionPoolingFusion',
    modalities={{_base_.modalities}},
    in_channels={{_base_.widths}},
    out_channels=64,
    num_heads=4,
    feedforward_channels=128,
)
