_base_ = '../_base_/tiny_demo.py'

# torch.compile; `compile = True` takes all encoders and the fusion, and makes
# machine code. This only traces, and needs no compiler.
compile = dict(backend='eager', parts=['fusion'])
