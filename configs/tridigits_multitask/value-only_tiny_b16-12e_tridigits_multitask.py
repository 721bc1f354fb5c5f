_base_ = '../_base_/tridigits_multitask.py'

model = dict(heads=dict(_delete_=True, value={{_base_.model.heads.value}}))
val_evaluator = [dict(type='RegressionMetric')]
test_evaluator = [dict(type='RegressionMetric')]
default_hooks = dict(checkpoint=dict(save_best='regression/mae', rule='less'))
