_base_ = '../_base_/tiny_demo.py'

model = dict(
    encoders=dict(
        image=dict(
            _delete_=True,
            type='FeaturePyramid',
            backbone=dict(
                type='TorchvisionBackbone', name='resnet18', level=(1, 2, 3)
            ),
            out_channels={{_base_.width}},
        )
    )
)
