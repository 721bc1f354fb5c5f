"""Tokens in, logits out."""

import math

import pytest
import torch

from trimodal.models.layers import TokenEmbedding


def test_rows_of_the_table_scaled():
    embedding = TokenEmbedding(5, 16)
    got = embedding(torch.tensor([[3, 0]]))
    torch.testing.assert_close(got[0, 0], embedding.table[3] * 4)
    torch.testing.assert_close(got[0, 1], embedding.table[0] * 4)


def test_what_goes_in_has_the_size_of_positions():
    x = TokenEmbedding(400, 64)(torch.arange(400))
    assert x.std().item() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize('tied', [True, False])
def test_logits(tied):
    embedding, x = TokenEmbedding(5, 8, tied), torch.randn(2, 3, 8)
    logits = embedding.logits(x)
    table = embedding.table if tied else embedding.output.weight
    torch.testing.assert_close(logits, x @ table.T)
    names = {n for n, _ in embedding.named_parameters()}
    assert ('bias' in names) == tied
    assert ('output.weight' in names) == (not tied)


def test_a_tied_table_learns_both_ways():
    embedding = TokenEmbedding(5, 8, tied=True)
    embedding.logits(embedding(torch.tensor([1]))).logsumexp(
        1
    ).sum().backward()
    assert embedding.table.grad.any(1).all()
    assert math.isclose(embedding.scale, math.sqrt(8))


def test_bad_arguments():
    with pytest.raises(ValueError, match='num_tokens'):
        TokenEmbedding(0, 8)
    with pytest.raises(ValueError, match='embed_dims'):
        TokenEmbedding(5, 0)
