# Two tasks that shall learn at similar rates: see docs/multitask.md.
_base_ = './generation_tiny_b4-1e_demo.py'

# The text is read off speech, and the class off what was fused: they meet in
# the encoder.
model = dict(
    objectives=dict(
        weighting=dict(
            type='GradNorm',
            tasks=('cls', 'text'),
            layer='encoders.speech.transformer.layers.1',
        )
    )
)
