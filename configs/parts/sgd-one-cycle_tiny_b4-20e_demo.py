_base_ = [
    '../_base_/datasets/demo.py',
    '../_base_/models/concat_demo.py',
    '../_base_/schedules/sgd_one-cycle_20e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=4)
