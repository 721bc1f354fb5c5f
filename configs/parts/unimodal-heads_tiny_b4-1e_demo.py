_base_ = '../_base_/tiny_demo.py'

model = dict(
    objectives=dict(
        unimodal=dict(
            type='UnimodalHeads',
            modalities={{_base_.modalities}},
            in_channels={{_base_.width}},
            head=dict(type='ClsHead', num_classes=8),
            loss_weight=0.3,
        )
    )
)
