_base_ = '../_base_/tiny_demo.py'

# The objective measures, the hook modulates the gradients. For SGD: see
# docs/imbalance.md.
model = dict(
    objectives=dict(
        ogm_ge=dict(
            type='OGMGE',
            modalities={{_base_.modalities}},
            in_channels={{_base_.width}},
            head=dict(type='ClsHead', num_classes=8),
            alpha=0.3,
        )
    )
)
custom_hooks = [dict(type='OGMGEHook', objective='ogm_ge', begin=0, end=10)]
optim_wrapper = dict(
    optimizer=dict(
        _delete_=True, type='SGD', lr=0.05, momentum=0.9, weight_decay=1e-4
    )
)
