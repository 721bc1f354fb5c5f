_base_ = '../_base_/tiny_demo.py'

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
