_base_ = '../demo/concat_small_b16-20e_demo.py'

model = dict(
    aligners=[
        dict(
            type='ContrastiveAligner',
            modalities={{_base_.modalities}},
            in_channels={{_base_.width}},
            embed_dims=64,
            loss=dict(
                type='InfoNCELoss', similarity='bilinear', loss_weight=0.1
            ),
        )
    ],
)

train_dataloader = dict(batch_size=4)
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=1)
