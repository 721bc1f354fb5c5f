_base_ = '../_base_/tiny_demo.py'

model = dict(
    heads=dict(cls=dict(loss=dict(_delete_=True, type='SoftmaxFocalLoss')))
)
