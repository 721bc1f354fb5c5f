"""The dataclasses that pass between stages, and the data sample."""

from trimodal.structures.data_sample import TriModalDataSample
from trimodal.structures.streams import Fused, ModalityInput, Tokens

__all__ = ['Fused', 'ModalityInput', 'Tokens', 'TriModalDataSample']
