_base_ = '../_base_/tiny_demo.py'

model = dict(
    heads=dict(
        cls=dict(loss=dict(type='CrossEntropyLoss', class_weight='balanced'))
    )
)
