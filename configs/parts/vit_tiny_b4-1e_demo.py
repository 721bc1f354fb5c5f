_base_ = '../_base_/tiny_demo.py'

model = dict(
    encoders=dict(
        image=dict(
            _delete_=True,
            type='VisionTransformer',
            img_size=28,
            patch_size=7,
            embed_dims={{_base_.width}},
            num_layers=2,
            num_heads=4,
            feedforward_channels=256,
            output='mean',
            drop_path=0.1,
            layer_scale=0.1,
        )
    )
)
