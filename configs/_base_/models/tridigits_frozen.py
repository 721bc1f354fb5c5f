# The encoders of tridigits_small.py as the models of one modality learned
# them, left as they are: a fusion learns on top. Train those first.
_base_ = './tridigits_small.py'

model = dict(
    frozen_encoders=('speech', 'gesture', 'image'),
    encoders=dict(
        speech=dict(
            init_cfg=dict(
                type='Pretrained',
                checkpoint='work_dirs/speech_tiny_b64-20e_tridigits/'
                'epoch_20.pth',
                prefix='encoders.speech',
            )
        ),
        gesture=dict(
            init_cfg=dict(
                type='Pretrained',
                checkpoint='work_dirs/gesture_tiny_b64-20e_tridigits/'
                'epoch_20.pth',
                prefix='encoders.gesture',
            )
        ),
        image=dict(
            init_cfg=dict(
                type='Pretrained',
                checkpoint='work_dirs/image_tiny_b64-20e_tridigits/'
                'epoch_20.pth',
                prefix='encoders.image',
            )
        ),
    ),
    modality_dropout=dict(type='ModalityDropout', prob=0.4),
)
