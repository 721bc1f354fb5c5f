_base_ = '../_base_/tiny_demo.py'

# The demo is annotated for other tasks too; no head here asks for them.
others = ('gt_text', 'gt_value', 'gt_instances')
model = dict(
    data_preprocessor=dict(
        batch_augments=[
            dict(type='Mixup', num_classes=8, alpha=0.2, drop=others),
            dict(type='CutMix', num_classes=8, alpha=1.0, drop=others),
        ]
    )
)
