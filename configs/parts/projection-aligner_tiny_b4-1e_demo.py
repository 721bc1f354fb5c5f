_base_ = '../_base_/tiny_demo.py'

model = dict(
    aligners=[
        dict(
            type='ProjectionAligner',
            in_channels=dict(
                speech={{_base_.width}},
                gesture={{_base_.width}},
                image={{_base_.width}},
            ),
            out_channels=64,
        )
    ],
    fusion=dict(in_channels=64),
)
