_base_ = './inputs.py'

fusion = dict(
    type='SumFusion',
    modalities={{_base_.modalities}},
    in_channels={{_base_.widths}},
    out_channels=64,
)
