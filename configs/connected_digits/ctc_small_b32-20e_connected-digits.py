_base_ = '../_base_/connected_digits.py'

model = dict(
    heads=dict(
        _delete_=True,
        text=dict(
            type='CTCHead',
            in_channels={{_base_.width}},
            vocabulary={{_base_.vocabulary}},
            dropout=0.1,
            loss=dict(type='CTCLoss'),
        ),
    )
)
