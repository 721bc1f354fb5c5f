_base_ = './efficientnet_tiny_b4-1e_demo.py'

model = dict(
    encoders=dict(image=dict(name='convnext_tiny', level=1)),
    fusion=dict(in_channels=dict(image=96)),
)
