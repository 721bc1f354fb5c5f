# The word that is said, as a text, beside the command.
_base_ = '../_base_/tiny_demo.py'

words = ('raise', 'lower', 'show', 'move', 'now')
model = dict(
    heads=dict(
        text=dict(
            type='GenerationHead',
            vocabulary=dict(type='WordVocabulary', words=words, unknown='unk'),
            in_channels={{_base_.width}},
            embed_dims=64,
            num_layers=2,
            num_heads=4,
            stream='speech',
            search=dict(type='BeamSearch', beam_size=4, max_length=4),
        )
    )
)

val_evaluator = [dict(type='Accuracy'), dict(type='TextMetric')]
test_evaluator = val_evaluator
