# As detr_tiny_b4-1e_demo.py, made to learn from little: cells choose the
# queries, and noisy boxes are to be put right.
_base_ = './detr_tiny_b4-1e_demo.py'

model = dict(
    heads=dict(
        det=dict(
            context='pooled',
            dense=dict(
                type='DenseBoxes', loss=dict(type='TaskAlignedLoss', topk=10)
            ),
            denoising=dict(type='BoxDenoising', max_queries=20),
            loss=dict(_delete_=True, type='SetLoss'),
        )
    )
)
