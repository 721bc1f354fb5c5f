_base_ = '../_base_/tiny_demo.py'

model = dict(
    encoders=dict(
        gesture=dict(
            _delete_=True,
            type='STGCN',
            channels=(32, 64, {{_base_.width}}),
            strides=(1, 2, 1),
            adjacency='adaptive',
        )
    )
)
