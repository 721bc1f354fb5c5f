_base_ = '../_base_/tiny_demo.py'

# The average of what the last epochs end with: swa.pth.
custom_hooks = [dict(type='SWAHook', begin_epoch=0.75)]
