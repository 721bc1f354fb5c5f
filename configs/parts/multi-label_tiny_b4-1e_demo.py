_base_ = '../_base_/tiny_demo.py'

model = dict(
    heads=dict(
        cls=dict(
            type='MultiLabelHead',
            loss=dict(_delete_=True, type='BinaryCrossEntropyLoss'),
        )
    )
)

val_evaluator = [dict(type='MultiLabelMetric')]
test_evaluator = val_evaluator
