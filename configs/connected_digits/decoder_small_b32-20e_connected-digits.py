# A decoder beside CTC (https://arxiv.org/abs/1609.06773): what names each step
# teaches the encoder where the words are. The decoder's text is the answer.
_base_ = '../_base_/connected_digits.py'

model = dict(
    heads=dict(
        _delete_=True,
        ctc=dict(
            type='CTCHead',
            in_channels={{_base_.width}},
            vocabulary={{_base_.vocabulary}},
            dropout=0.1,
            loss=dict(type='CTCLoss', loss_weight=0.5),
        ),
        text=dict(
            type='GenerationHead',
            in_channels={{_base_.width}},
            vocabulary={{_base_.vocabulary}},
            embed_dims=128,
            num_layers=2,
            num_heads=4,
            feedforward_channels=256,
            memory_positions=True,
            search=dict(type='BeamSearch', beam_size=4, max_length=12),
        ),
    )
)
