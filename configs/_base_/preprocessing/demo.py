# The demo's videos have 15 frames a second and show one hand.
_base_ = './default.py'

modalities = dict(
    gesture=dict(target_fps=15, num_hands=1),
    image=dict(target_size=(64, 64)),
)
