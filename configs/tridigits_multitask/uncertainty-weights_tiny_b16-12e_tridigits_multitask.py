_base_ = '../_base_/tridigits_multitask.py'

model = dict(
    objectives=dict(
        weighting=dict(
            type='UncertaintyWeights',
            tasks={{_base_.tasks}},
            factors=dict(cls=2.0, text=2.0),
        )
    )
)
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys=dict(log_variances=dict(decay_mult=0.0, lr_mult=10.0))
    )
)
