_base_ = '../_base_/tiny_demo.py'

model = dict(
    heads=dict(
        reg=dict(
            type='RegHead',
            in_channels={{_base_.width}},
            loss=dict(type='MSELoss'),
        )
    )
)
val_evaluator = [
    dict(type='Accuracy', topk=(1,)),
    dict(type='RegressionMetric'),
]
test_evaluator = val_evaluator
