_base_ = '../demo/concat_small_b16-20e_demo.py'

model = dict(
    encoders=dict(
        speech=dict(
            _delete_=True,
            type='SpeechCNN',
            in_channels=40,
            embed_dims=128,
            stem_channels=(8,),
            stem_strides=((2, 2),),
            channels=(16, 32),
            strides=(2, 1),
        )
    )
)

train_dataloader = dict(batch_size=4)
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=1)
