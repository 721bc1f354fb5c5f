# TriDigits in noise, blurred and shaken: see docs/datasets.md.
_base_ = './tridigits.py'

data_root = 'data/tridigits_hard'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
