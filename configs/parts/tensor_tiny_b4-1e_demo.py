_base_ = '../demo/concat_small_b16-20e_demo.py'

model = dict(
    fusion=dict(
        _delete_=True,
        type='TensorFusion',
        modalities={{_base_.modalities}},
        in_channels={{_base_.width}},
        out_channels={{_base_.width}},
        hidden_channels=8,
    )
)
