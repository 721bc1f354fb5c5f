_base_ = './efficientnet_tiny_b4-1e_demo.py'

model = dict(
    encoders=dict(
        image=dict(
            _delete_=True, type='TimmBackbone', name='test_resnet', level=3
        )
    ),
    fusion=dict(in_channels=dict(image=192)),
)
