_base_ = './cross-attention_frozen_b64-6e_tridigits_hard.py'

model = dict(enabled_modalities=('speech', 'gesture'), modality_dropout=None)
