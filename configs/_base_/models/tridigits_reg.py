# The encoders of tridigits_small.py, and one number instead of a class.
_base_ = './tridigits_small.py'

model = dict(
    heads=dict(
        _delete_=True,
        reg=dict(
            type='RegHead',
            in_channels=64,
            hidden_channels=(64,),
            dropout=0.1,
            low=0.0,
            high=18.0,
            loss=dict(type='HuberLoss', delta=1.0),
        ),
    ),
)
