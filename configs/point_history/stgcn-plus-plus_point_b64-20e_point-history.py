_base_ = './stgcn_point_b64-20e_point-history.py'

model = dict(
    encoders=dict(
        gesture=dict(
            _delete_=True,
            type='STGCNPlusPlus',
            in_channels=4,
            channels=({{_base_.width}},) * 4,
            strides=(1, 1, 1, 1),
            partition='distance',
            max_hops=0,
            num_hands=1,
            layout={{_base_.layout}},
        )
    )
)
