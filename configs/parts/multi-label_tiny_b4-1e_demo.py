# Which objects are in the picture: the classes of the boxes.
_base_ = '../_base_/tiny_demo.py'

pipeline = [dict(type='CollectLabels'), dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
val_dataloader = dict(dataset=dict(pipeline=pipeline))
test_dataloader = dict(dataset=dict(pipeline=pipeline))

model = dict(
    heads=dict(
        cls=dict(
            type='MultiLabelHead',
            num_classes=4,
            loss=dict(_delete_=True, type='BinaryCrossEntropyLoss'),
        )
    )
)

val_evaluator = [dict(type='MultiLabelMetric')]
test_evaluator = val_evaluator
