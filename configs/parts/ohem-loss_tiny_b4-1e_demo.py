_base_ = '../_base_/tiny_demo.py'

model = dict(
    heads=dict(
        cls=dict(
            loss=dict(
                _delete_=True,
                type='OHEMLoss',
                loss=dict(type='CrossEntropyLoss', label_smoothing=0.1),
                ratio=0.7,
            )
        )
    )
)
