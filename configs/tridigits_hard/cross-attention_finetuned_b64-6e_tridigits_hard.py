_base_ = './cross-attention_frozen_b64-6e_tridigits_hard.py'

model = dict(frozen_encoders=())
optim_wrapper = dict(optimizer=dict(lr=5e-4))
