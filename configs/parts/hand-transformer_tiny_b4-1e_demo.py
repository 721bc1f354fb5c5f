_base_ = '../_base_/tiny_demo.py'

model = dict(
    encoders=dict(
        gesture=dict(
            _delete_=True,
            type='HandTransformer',
            embed_dims={{_base_.width}},
            spatial_layers=1,
            temporal_layers=1,
            hand_fusion='concat',
        )
    )
)
