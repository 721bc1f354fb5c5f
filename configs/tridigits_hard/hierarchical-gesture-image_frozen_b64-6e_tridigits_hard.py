_base_ = './hierarchical_frozen_b64-6e_tridigits_hard.py'

model = dict(enabled_modalities=('gesture', 'image'), modality_dropout=None)
