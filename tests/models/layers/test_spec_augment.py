"""SpecAugment."""

import pytest
import torch

from trimodal.models.layers import SpecAugment


def runs(row: torch.Tensor) -> list[int]:
    """Lengths of the stretches of True in a row of bools."""
    text = ''.join('x' if value else ' ' for value in row.tolist())
    return [len(part) for part in text.split()]


def spectrograms(lengths, frames: int = 40, bins: int = 12):
    mask = torch.arange(frames) < torch.tensor(lengths)[:, None]
    return torch.ones(len(lengths), frames, bins) * mask.unsqueeze(2), mask


def test_time_masks_stay_inside_each_sample():
    x, mask = spectrograms([40, 10, 3, 0] * 50)
    augment = SpecAugment(1, 20, 0.5, num_freq_masks=0)
    out = augment(x, mask)
    blank = (out == 0).all(2) & mask
    widths = [sum(runs(row)) for row in blank]
    assert all(len(runs(row)) <= 1 for row in blank)
    # At most half of a sample, every width from 0 on.
    assert set(widths[1::4]) == set(range(6))
    assert max(widths[0::4]) == 20
    assert set(widths[2::4]) == {0, 1}
    starts = [row.float().argmax().item() for row in blank if row.any()]
    assert max(starts) > 30
    # Elsewhere nothing changed, and masked frames are still zero.
    assert torch.equal(out[~blank], x[~blank])


def test_frequency_masks_cover_whole_bands():
    x, mask = spectrograms([40] * 200)
    out = SpecAugment(0, num_freq_masks=1, freq_width=3)(x, mask)
    blank = (out == 0).all(1)
    assert torch.equal(out == 0, blank.unsqueeze(1).expand_as(out))
    assert {sum(runs(row)) for row in blank} == {0, 1, 2, 3}
    # Every bin is hit.
    assert blank.any(0).all()


def test_the_number_of_masks():
    x, mask = spectrograms([40] * 300)
    out = SpecAugment(2, 3, 1.0, num_freq_masks=0)(x, mask)
    assert max(len(runs(row)) for row in (out == 0).all(2)) == 2


def test_draws_come_from_torchs_generator_and_nothing_is_overwritten():
    x, mask = spectrograms([40, 30])
    kept = x.clone()
    torch.manual_seed(5)
    a = SpecAugment()(x, mask)
    torch.manual_seed(5)
    assert torch.equal(a, SpecAugment()(x, mask))
    assert torch.equal(x, kept)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r'num_time_masks .*-1'):
        SpecAugment(-1)
    with pytest.raises(ValueError, match='max_time_share'):
        SpecAugment(max_time_share=2)
