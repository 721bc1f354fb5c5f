_base_ = '../_base_/tiny_demo.py'

# What --profiler pytorch adds: a trace of the third to fifth iteration.
custom_hooks = [dict(type='PyTorchProfilerHook', wait=1, warmup=1, active=3)]
