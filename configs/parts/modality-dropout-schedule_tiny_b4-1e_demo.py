_base_ = '../demo/concat_small_b16-20e_demo.py'

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
train_dataloader = dict(batch_size=4)
train_cfg = dict(max_epochs=1)
