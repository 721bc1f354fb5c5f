# Two tasks whose gradients shall not conflict: see docs/multitask.md.
_base_ = './generation_tiny_b4-1e_demo.py'

model = dict(
    objectives=dict(weighting=dict(type='PCGrad', tasks=('cls', 'text')))
)
