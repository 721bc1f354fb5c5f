# Two tasks, weighted by what each is uncertain of: see docs/multitask.md.
_base_ = './generation_tiny_b4-1e_demo.py'

model = dict(
    objectives=dict(
        weighting=dict(type='UncertaintyWeights', tasks=('cls', 'text'))
    )
)
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys=dict(log_variances=dict(decay_mult=0.0, lr_mult=10.0))
    )
)
