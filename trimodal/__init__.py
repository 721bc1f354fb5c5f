"""trimodal: speech, hand gesture and image, fused."""

from trimodal import compat
from trimodal.version import __version__

compat.apply()

__all__ = ['__version__']
