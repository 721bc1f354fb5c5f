_base_ = '../_base_/tiny_demo.py'

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
