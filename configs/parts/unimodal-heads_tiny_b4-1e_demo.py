_base_ = '../demo/concat_small_b16-20e_demo.py'

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
train_dataloader = dict(batch_size=4)
train_cfg = dict(max_epochs=1)
