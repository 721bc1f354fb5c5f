_base_ = '../_base_/tridigits_det.py'

# The picture is alone: which of its digits was asked for can't be known.
model = dict(heads=dict(boxes=dict(context=None)))
