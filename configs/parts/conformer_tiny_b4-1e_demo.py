_base_ = '../demo/concat_small_b16-20e_demo.py'

model = dict(
    encoders=dict(
        speech=dict(
            _delete_=True,
            type='Conformer',
            in_channels=40,
            embed_dims=128,
            num_layers=2,
            num_heads=4,
            feedforward_channels=128,
            kernel_size=7,
            conv_channels=(8, 16),
        )
    )
)

train_dataloader = dict(batch_size=4)
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=1)
