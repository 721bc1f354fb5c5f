_base_ = '../_base_/tridigits_multitask.py'

weights = dict(cls=1.0, value=1.0, text=1.0, boxes=1.0)
model = dict(
    objectives=dict(weighting=dict(type='FixedWeights', weights=weights))
)
