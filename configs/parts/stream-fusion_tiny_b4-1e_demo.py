_base_ = '../_base_/tiny_demo.py'

streams = ('joint', 'bone', 'motion', 'bone_motion')
model = dict(
    data_preprocessor=dict(modalities=dict(gesture=dict(streams=streams))),
    encoders=dict(
        gesture=dict(
            _delete_=True,
            type='StreamFusionEncoder',
            num_streams=4,
            fusion='attention',
            encoder=dict(
                type='HandGraphEncoder',
                in_channels=3,
                graph_channels=(16, 32),
                embed_dims={{_base_.width}},
                num_layers=1,
                adjacency='learned',
                partition='spatial',
            ),
        )
    ),
)
