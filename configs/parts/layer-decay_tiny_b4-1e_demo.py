_base_ = '../_base_/tiny_demo.py'

# The earlier a layer of an encoder, the slower it learns, and no decay of
# positions, class tokens and learned queries: for encoders that bring weights.
optim_wrapper = dict(
    constructor='LearningRateDecayOptimWrapperConstructor',
    paramwise_cfg=dict(layer_decay_rate=0.75, bare_decay_mult=0.0),
)
