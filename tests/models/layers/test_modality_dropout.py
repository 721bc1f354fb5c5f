"""Modality dropout."""

import pytest
import torch

from trimodal.models.layers import ModalityDropout
from trimodal.structures import ModalityInput


def batch(present: torch.Tensor) -> dict[str, ModalityInput]:
    """Three modalities, there where ``present`` ``[B, 3]`` says so."""
    rows = len(present)
    return {
        name: ModalityInput(
            torch.ones(rows, 2, 4), torch.ones(rows, 2) > 0
        ).keep(present[:, index])
        for index, name in enumerate('abc')
    }


def present_of(inputs) -> torch.Tensor:
    return torch.stack([x.present for x in inputs.values()], dim=1)


def test_nothing_happens_in_evaluation():
    inputs = batch(torch.ones(50, 3).bool())
    dropout = ModalityDropout(1.0).eval()
    assert present_of(dropout(inputs)).all()


def test_rates_and_the_last_one_stays():
    given = torch.ones(4000, 3).bool()
    got = present_of(ModalityDropout(0.5)(batch(given)))
    assert got.any(1).all()
    # Kept by the draw, or as the rescued one of three where all were drawn.
    want = 0.5 + 0.125 / 3
    assert got.float().mean(0).tolist() == pytest.approx([want] * 3, abs=0.03)


def test_all_drawn_leaves_one_of_those_that_were_there():
    given = torch.rand(500, 3) < 0.5
    got = present_of(ModalityDropout(1.0)(batch(given)))
    assert not (got & ~given).any()
    assert torch.equal(got.sum(1), given.any(1).long())
    both = given[:, 0] & given[:, 1] & ~given[:, 2]
    assert 0.2 < got[both][:, 0].float().mean() < 0.8


def test_probability_per_modality():
    given = torch.ones(2000, 3).bool()
    got = present_of(ModalityDropout({'a': 0.25})(batch(given)))
    assert got[:, 1:].all()
    assert got[:, 0].float().mean().item() == pytest.approx(0.75, abs=0.05)


def test_dropped_is_masked_and_zero_and_the_input_stays():
    inputs = batch(torch.ones(20, 3).bool())
    out = ModalityDropout(0.5)(inputs)
    for name, x in out.items():
        assert not x.data[~x.present].any()
        assert not x.mask[~x.present].any()
        assert inputs[name].mask.all()


def test_draws_come_from_torchs_generator():
    inputs = batch(torch.ones(20, 3).bool())
    torch.manual_seed(3)
    a = present_of(ModalityDropout(0.5)(inputs))
    torch.manual_seed(3)
    assert torch.equal(a, present_of(ModalityDropout(0.5)(inputs)))


def test_bad_arguments():
    with pytest.raises(ValueError, match=r'prob .*1.5'):
        ModalityDropout(1.5)
    with pytest.raises(ValueError, match=r'a .*-1'):
        ModalityDropout({'a': -1})
    dropout = ModalityDropout({'z': 0.5})
    with pytest.raises(ValueError, match=r"\['z'\].*\['a', 'b', 'c'\]"):
        dropout(batch(torch.ones(2, 3).bool()))
