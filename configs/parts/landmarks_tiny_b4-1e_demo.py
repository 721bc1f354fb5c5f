# A hand's landmarks, 21 of two coordinates, as the values of a regression.
_base_ = '../_base_/tiny_demo.py'

model = dict(
    heads=dict(
        _delete_=True,
        reg=dict(
            type='RegHead',
            in_channels={{_base_.width}},
            num_outputs=42,
            mean=0,
            std=1,
        ),
    )
)
val_evaluator = [dict(type='LandmarkMetric', num_joints=21, dims=2)]
test_evaluator = [
    dict(type='LandmarkMetric', num_joints=21, dims=2),
    dict(type='AccelerationError', num_joints=21, dims=2, over='group'),
    dict(type='RegressionMetric', items=('mae', 'r2')),
]
