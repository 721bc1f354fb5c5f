# The encoders of tridigits_small.py, and a detector: the box around the one
# digit, of those in the picture, that is said and signed.
_base_ = ['./tridigits_small.py', '../fusions/concat.py']

width = 64

model = dict(
    fusion={{_base_.fusion}},
    heads=dict(
        # Beside the boxes, so that what is fused knows the digit early.
        cls=dict(in_channels=width),
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
    # Never the picture: without it there is nothing to find. Speech, which is
    # harder to learn, is more often alone with it.
    modality_dropout=dict(
        type='ModalityDropout', prob=dict(speech=0.1, gesture=0.3)
    ),
)
