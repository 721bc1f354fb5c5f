_base_ = '../_base_/tiny_demo.py'

model = dict(
    fusion=dict(
        _delete_=True,
        type='PerceiverFusion',
        modalities={{_base_.modalities}},
        in_channels={{_base_.width}},
        out_channels={{_base_.width}},
        num_latents=8,
        num_heads=4,
        feedforward_channels=256,
    ),
)
