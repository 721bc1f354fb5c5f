# What the configs of configs/parts change a part of: the small model on the
# demo's data, batches of 4 for one epoch.
_base_ = '../demo/concat_small_b16-20e_demo.py'

train_dataloader = dict(batch_size=4)
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=1)
