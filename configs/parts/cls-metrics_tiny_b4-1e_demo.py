_base_ = '../_base_/tiny_demo.py'

test_evaluator = [
    dict(type='Accuracy'),
    dict(type='RocAuc', per_class=True),
    dict(type='CalibrationError'),
    # Over the windows of a recording, where the data set has groups.
    dict(type='LabelFlipRate'),
]
