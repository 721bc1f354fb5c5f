_base_ = './inputs.py'

fusion = dict(
    type='LateFusion',
    modalities={{_base_.modalities}},
    in_channels={{_base_.widths}},
    out_channels=10,
    rule='product',
)
