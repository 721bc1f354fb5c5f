# The objects of the demo's pictures, beside the command. Queries are learned
# and look at what was fused.
_base_ = '../_base_/tiny_demo.py'

model = dict(
    heads=dict(
        det=dict(
            type='DETRHead',
            num_classes=4,
            in_channels={{_base_.width}},
            stream='image',
            num_queries=20,
            num_layers=2,
            num_heads=4,
            embed_dims=64,
            context='tokens',
            loss=dict(
                type='SetLoss',
                classification='softmax',
                matcher=dict(
                    type='HungarianMatcher', class_cost='probability'
                ),
            ),
        )
    )
)

val_evaluator = [dict(type='Accuracy'), dict(type='CocoMetric')]
test_evaluator = val_evaluator
