_base_ = '../_base_/tiny_demo.py'

model = dict(
    encoders=dict(
        speech=dict(
            _delete_=True,
            type='Conformer',
            in_channels=40,
            embed_dims=128,
            num_layers=2,
            num_heads=4,
            feedforward_channels=128,
            kernel_size=7,
            conv_channels=(8, 16),
        )
    )
)
