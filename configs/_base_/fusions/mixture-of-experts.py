_base_ = './inputs.py'

fusion = dict(
    type='MixtureOfExpertsFusion',
    modalities={{_base_.modalities}},
    in_channels={{_base_.widths}},
    out_channels=64,
    feedforward_channels=128,
)
