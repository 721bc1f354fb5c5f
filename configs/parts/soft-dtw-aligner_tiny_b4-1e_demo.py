_base_ = './interpolation-aligner_tiny_b4-1e_demo.py'

model = dict(
    aligners=[
        dict(
            type='SoftDTWAligner',
            modalities=('speech', 'gesture'),
            in_channels={{_base_.width}},
            embed_dims=16,
            reference='gesture',
            loss=dict(type='SoftDTWLoss', loss_weight=0.1),
        )
    ],
)
