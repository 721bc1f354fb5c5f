_base_ = '../_base_/tridigits_multitask.py'

model = dict(
    objectives=dict(
        weighting=dict(type='GradNorm', tasks={{_base_.tasks}}, alpha=1.5)
    )
)
