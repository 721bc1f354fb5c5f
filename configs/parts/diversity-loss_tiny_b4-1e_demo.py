_base_ = '../demo/concat_small_b16-20e_demo.py'

model = dict(
    objectives=dict(diversity=dict(type='DiversityLoss', loss_weight=0.1))
)
train_dataloader = dict(batch_size=4)
train_cfg = dict(max_epochs=1)
