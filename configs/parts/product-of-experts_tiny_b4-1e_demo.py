_base_ = '../demo/concat_small_b16-20e_demo.py'

model = dict(
    fusion=dict(
        _delete_=True,
        type='ProductOfExpertsFusion',
        modalities={{_base_.modalities}},
        in_channels={{_base_.width}},
        out_channels={{_base_.width}},
        sample=True,
        kl_weight=0.001,
    ),
)

train_dataloader = dict(batch_size=4)
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=1)
