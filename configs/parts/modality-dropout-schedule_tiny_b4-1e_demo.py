_base_ = '../_base_/tiny_demo.py'

custom_hooks = [
    dict(
        type='ModalityDropoutSchedule',
        start_prob=0.0,
        stop_prob=0.5,
        begin=2,
        end=15,
        curve='cosine',
    )
]
