_base_ = './multi-label_tiny_b4-1e_demo.py'

model = dict(heads=dict(cls=dict(loss=dict(_delete_=True, type='FocalLoss'))))
