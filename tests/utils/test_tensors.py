"""Tensors of nested data, and back."""

import torch

from trimodal.structures import ModalityInput
from trimodal.utils.tensors import tensors_of, with_tensors


def test_tensors_and_back():
    x = ModalityInput(torch.ones(1), torch.zeros(1))
    item = {'inputs': {'a': x}, 'more': [torch.tensor(5), 'text'], 'n': None}
    tensors = list(tensors_of(item))
    assert [float(t) for t in tensors] == [1, 0, 5]
    other = with_tensors(item, iter(t + 1 for t in tensors))
    assert [float(t) for t in tensors_of(other)] == [2, 1, 6]
    assert (other['more'][1], other['n']) == ('text', None)


def test_a_class_holds_no_tensor():
    assert not list(tensors_of([ModalityInput, 'text', 1]))
