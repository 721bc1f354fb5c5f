_base_ = '../_base_/tiny_demo.py'

model = dict(
    encoders=dict(
        speech=dict(
            _delete_=True,
            type='SpeechTransformer',
            in_channels=40,
            embed_dims=128,
            num_layers=2,
            num_heads=4,
            feedforward_channels=128,
            conv_channels=(8, 16),
            positions='rotary',
            layerdrop=0.1,
        )
    )
)
