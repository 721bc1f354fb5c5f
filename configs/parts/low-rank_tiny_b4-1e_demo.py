_base_ = '../demo/concat_small_b16-20e_demo.py'

model = dict(
    fusion=dict(
        _delete_=True,
        type='LowRankFusion',
        modalities={{_base_.modalities}},
        in_channels={{_base_.width}},
        out_channels={{_base_.width}},
        rank=2,
    )
)
