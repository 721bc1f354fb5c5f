_base_ = './interpolation-aligner_tiny_b4-1e_demo.py'

model = dict(
    aligners=[
        dict(
            type='AttentionAligner',
            modalities=('speech', 'gesture'),
            in_channels={{_base_.width}},
            embed_dims=32,
            num_heads=4,
            reference='gesture',
        )
    ],
)
