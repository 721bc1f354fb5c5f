_base_ = '../demo/concat_small_b16-20e_demo.py'

model = dict(
    encoders=dict(
        image=dict(
            _delete_=True,
            type='SimpleFeaturePyramid',
            encoder=dict(
                type='VisionTransformer',
                img_size=28,
                patch_size=7,
                embed_dims={{_base_.width}},
                num_layers=2,
                num_heads=4,
                feedforward_channels=256,
                output='patches',
            ),
            out_channels={{_base_.width}},
            scales=(2, 1, 0.5),
        )
    )
)
