_base_ = '../_base_/tiny_demo.py'

model = dict(
    aligners=[
        dict(
            type='InterpolationAligner',
            modalities=('speech', 'gesture'),
            mode='cubic',
            reference='speech',
        )
    ],
    fusion=dict(
        _delete_=True,
        type='StepwiseConcatFusion',
        modalities={{_base_.modalities}},
        in_channels={{_base_.width}},
        out_channels={{_base_.width}},
        static=('image',),
    ),
)
