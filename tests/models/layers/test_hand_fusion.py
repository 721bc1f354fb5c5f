"""Merging of hands."""

import pytest
import torch

from trimodal.models.layers.hand_fusion import HandFusion

X = torch.randn(1, 3, 2, 4)
# Both hands, the right one, none.
MASK = torch.tensor([[[True, True], [False, True], [False, False]]])


def test_mean_by_hand():
    fusion = HandFusion('mean', 2, 4)
    out = fusion(X, MASK)[0]
    both = X[0] + fusion.which
    torch.testing.assert_close(out[0], both[0].mean(0))
    torch.testing.assert_close(out[1], both[1, 1])
    assert not out[2].any()


def test_attention_by_hand():
    fusion = HandFusion('attention', 2, 4)
    out = fusion(X, MASK)[0]
    both = X[0] + fusion.which
    weights = (both[0] @ fusion.linear.weight[0]).softmax(0)
    torch.testing.assert_close(out[0], weights @ both[0])
    torch.testing.assert_close(out[1], both[1, 1])


def test_concat_puts_a_learned_vector_for_the_unseen():
    fusion = HandFusion('concat', 2, 4)
    out = fusion(X, MASK)[0]
    both = X[0] + fusion.which
    want = fusion.linear(torch.cat([fusion.unseen[0], both[1, 1]]))
    torch.testing.assert_close(out[1], want)
    other = torch.where(MASK.unsqueeze(3), X, 5.0)
    torch.testing.assert_close(fusion(other, MASK)[0], out)


def test_hands_are_told_apart():
    fusion = HandFusion('mean', 2, 4)
    swapped = fusion(X.flip(2), MASK.flip(2))
    assert not torch.allclose(swapped[0, 1], fusion(X, MASK)[0, 1])


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"hand_fusion .*'sum'"):
        HandFusion('sum', 2, 4)
    with pytest.raises(ValueError, match='num_hands'):
        HandFusion('mean', 0, 4)
