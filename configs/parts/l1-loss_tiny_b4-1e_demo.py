_base_ = './mse-loss_tiny_b4-1e_demo.py'

model = dict(heads=dict(reg=dict(loss=dict(type='L1Loss'))))
