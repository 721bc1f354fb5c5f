_base_ = '../_base_/tiny_demo.py'

model = dict(
    objectives=dict(diversity=dict(type='DiversityLoss', loss_weight=0.1))
)
