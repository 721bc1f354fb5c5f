_base_ = '../_base_/tridigits_multitask.py'

model = dict(
    objectives=dict(weighting=dict(type='PCGrad', tasks={{_base_.tasks}}))
)
