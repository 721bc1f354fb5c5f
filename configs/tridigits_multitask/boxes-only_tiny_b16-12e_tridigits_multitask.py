_base_ = '../_base_/tridigits_multitask.py'

model = dict(heads=dict(_delete_=True, boxes={{_base_.model.heads.boxes}}))
val_evaluator = [dict(type='CocoMetric')]
test_evaluator = [dict(type='CocoMetric', outfile_prefix='coco')]
default_hooks = dict(checkpoint=dict(save_best='coco/AP', rule='greater'))
