# Spoken digits are recorded at 8 kHz, written ones are 28 pixels wide, and a
# signing hand holds still: little is lost by keeping little.
_base_ = './default.py'

modalities = dict(
    speech=dict(target_sample_rate=8000, max_duration=2.0),
    gesture=dict(target_fps=15, num_hands=1),
    image=dict(target_size=(28, 28)),
)
