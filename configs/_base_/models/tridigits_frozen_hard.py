# As tridigits_frozen.py, with encoders that learned on the hard set.
_base_ = './tridigits_frozen.py'

model = dict(
    encoders=dict(
        speech=dict(
            init_cfg=dict(
                checkpoint='work_dirs/speech_tiny_b64-20e_tridigits_hard/'
                'epoch_20.pth'
            )
        ),
        gesture=dict(
            init_cfg=dict(
                checkpoint='work_dirs/gesture_tiny_b64-20e_tridigits_hard/'
                'epoch_20.pth'
            )
        ),
        image=dict(
            init_cfg=dict(
                checkpoint='work_dirs/image_tiny_b64-20e_tridigits_hard/'
                'epoch_20.pth'
            )
        ),
    )
)
