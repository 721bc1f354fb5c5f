_base_ = '../_base_/tiny_demo.py'

model = dict(
    encoders=dict(
        image=dict(
            _delete_=True,
            type='TorchvisionBackbone',
            name='efficientnet_b0',
            level=3,
        )
    ),
    fusion=dict(
        in_channels=dict(
            _delete_=True,
            speech={{_base_.width}},
            gesture={{_base_.width}},
            image=40,
        )
    ),
)
