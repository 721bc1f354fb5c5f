# What the encoders of tridigits_small.py give to a fusion.
modalities = ('speech', 'gesture', 'image')
widths = dict(speech=64, gesture=64, image=116)
