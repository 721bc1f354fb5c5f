_base_ = '../_base_/tiny_demo.py'

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
