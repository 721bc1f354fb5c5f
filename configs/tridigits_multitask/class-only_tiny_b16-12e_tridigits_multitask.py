_base_ = '../_base_/tridigits_multitask.py'

model = dict(heads=dict(_delete_=True, cls={{_base_.model.heads.cls}}))
test_evaluator = [dict(type='Accuracy')]
