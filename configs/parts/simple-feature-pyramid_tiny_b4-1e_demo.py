_base_ = './pooled_tiny_b4-1e_demo.py'

model = dict(
    encoders=dict(
        image=dict(
            _delete_=True,
            type='SimpleFeaturePyramid',
            encoder={{_base_.model.encoders.image.encoder}},
            out_channels={{_base_.width}},
            scales=(2, 1, 0.5),
        )
    )
)
