_base_ = '../demo/concat_small_b16-20e_demo.py'

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
    fusion=dict(
        _delete_=True,
        type='StepwiseConcatFusion',
        modalities={{_base_.modalities}},
        in_channels={{_base_.width}},
        out_channels={{_base_.width}},
        static=('image',),
    ),
)

train_dataloader = dict(batch_size=4)
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=1)
