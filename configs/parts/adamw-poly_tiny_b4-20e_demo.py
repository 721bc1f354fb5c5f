_base_ = [
    '../_base_/datasets/demo.py',
    '../_base_/models/concat_demo.py',
    '../_base_/schedules/adamw_poly_20e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=4)
auto_scale_lr = dict(base_batch_size=4)
