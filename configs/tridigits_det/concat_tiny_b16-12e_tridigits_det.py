_base_ = '../_base_/tridigits_det.py'
