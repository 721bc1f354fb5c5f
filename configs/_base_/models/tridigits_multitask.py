# The encoders of tridigits_small.py and four questions about what was fused:
# which digit was asked for, what its word is, where it stands, and what the
# other digits in the picture add up to.
_base_ = ['./tridigits_small.py', '../fusions/concat.py']

width = 64

model = dict(
    fusion={{_base_.fusion}},
    heads=dict(
        cls=dict(in_channels=width),
        value=dict(
            type='RegHead',
            in_channels=width,
            hidden_channels=(width,),
            dropout=0.1,
            low=0.0,
            high=30.0,
            loss=dict(type='HuberLoss', delta=1.0),
        ),
        text=dict(
            type='GenerationHead',
            vocabulary=dict(
                type='CharVocabulary', characters='efghinorstuvwxz'
            ),
            in_channels=width,
            embed_dims=width,
            num_layers=1,
            num_heads=4,
            search=dict(type='BeamSearch', beam_size=1, max_length=6),
        ),
        boxes=dict(
            type='DETRHead',
            num_classes=1,
            in_channels=width,
            stream='image',
            stream_channels=116,
            embed_dims=width,
            num_queries=10,
            num_layers=1,
            num_heads=4,
            feedforward_channels=2 * width,
            dense=dict(type='DenseBoxes'),
            denoising=dict(type='BoxDenoising', max_queries=10),
            max_per_img=10,
        ),
    ),
    # As in tridigits_det.py: never the picture, speech more often alone.
    modality_dropout=dict(
        type='ModalityDropout', prob=dict(speech=0.1, gesture=0.3)
    ),
)
