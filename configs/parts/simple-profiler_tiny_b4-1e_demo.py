_base_ = '../_base_/tiny_demo.py'

# What --profiler simple adds: a table of where the time went.
custom_hooks = [dict(type='SimpleProfilerHook')]
