_base_ = '../demo/concat_small_b16-20e_demo.py'

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

train_dataloader = dict(batch_size=4)
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=1)
