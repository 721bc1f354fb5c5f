_base_ = '../_base_/tiny_demo.py'

model = dict(
    data_preprocessor=dict(
        modalities=dict(
            speech=dict(
                _delete_=True,
                type='WaveformPreprocessor',
                sample_rate=16000,
                bundle='WAV2VEC2_BASE',
            )
        )
    ),
    encoders=dict(
        speech=dict(
            _delete_=True,
            type='TorchaudioBundle',
            bundle='WAV2VEC2_BASE',
            layer='weighted',
            # A small one; leave this out, and set weights, for the real one.
            overrides=dict(
                extractor_conv_layer_config=(
                    (32, 10, 5),
                    (32, 8, 8),
                    (32, 8, 8),
                ),
                encoder_embed_dim=128,
                encoder_num_layers=2,
                encoder_num_heads=4,
                encoder_ff_interm_features=128,
            ),
        )
    ),
)
