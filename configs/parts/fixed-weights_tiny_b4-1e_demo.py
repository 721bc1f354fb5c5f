# Two tasks, each with a weight of its own: see docs/multitask.md.
_base_ = './generation_tiny_b4-1e_demo.py'

model = dict(
    objectives=dict(
        weighting=dict(type='FixedWeights', weights=dict(cls=1.0, text=0.5))
    )
)
