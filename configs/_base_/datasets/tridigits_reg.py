# TriDigits whose spoken and written digits are to be added: see
# docs/datasets.md.
_base_ = './tridigits.py'

data_root = 'data/tridigits_reg'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))

val_evaluator = dict(_delete_=True, type='RegressionMetric')
test_evaluator = [dict(type='RegressionMetric')]
