_base_ = '../_base_/tridigits_multitask.py'

model = dict(heads=dict(_delete_=True, text={{_base_.model.heads.text}}))
val_evaluator = [dict(type='TextMetric')]
test_evaluator = [dict(type='TextMetric')]
default_hooks = dict(checkpoint=dict(save_best='text/wer', rule='less'))
