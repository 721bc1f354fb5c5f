_base_ = '../demo/concat_small_b16-20e_demo.py'

model = dict(
    encoders=dict(
        gesture=dict(
            _delete_=True,
            type='STGCN',
            channels=(32, 64, {{_base_.width}}),
            strides=(1, 2, 1),
            adjacency='adaptive',
        )
    )
)
train_dataloader = dict(batch_size=4)
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=1)
