_base_ = '../demo/concat_small_b16-20e_demo.py'

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
train_dataloader = dict(batch_size=4)
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=1)
