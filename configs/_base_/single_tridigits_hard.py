# The same on the damaged data.
_base_ = './single_tridigits.py'

data_root = 'data/tridigits_hard'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
