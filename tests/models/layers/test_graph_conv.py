"""Graph convolution by hand and by loops."""

import pytest
import torch

from trimodal.models.layers import GraphBlock, GraphConv, Skeleton

PATH = Skeleton((0, 0, 1))  # 0 - 1 - 2


def test_by_hand():
    conv = GraphConv(1, 1, PATH.adjacency(1))
    # Itself counts once, its neighbours ten times.
    conv.linear.weight.data = torch.tensor([[1.0, 10.0]])
    conv.linear.bias.data = torch.tensor([100.0])
    out = conv(torch.tensor([[[2.0], [4.0], [6.0]]]))
    # Joint 0: 2/2 + 10 * 4/2; joint 1: 4/3 + 10 * (2 + 6)/3; joint 2: ...
    want = torch.tensor([121.0, 100 + 4 / 3 + 80 / 3, 123.0])
    torch.testing.assert_close(out.flatten(), want)


def test_equals_the_sum_over_parts():
    matrices = PATH.adjacency(2)
    conv = GraphConv(4, 5, matrices, 'adaptive')
    conv.learned.data.normal_()
    x = torch.randn(7, 3, 4)
    want = conv.linear.bias.expand(7, 3, 5).clone()
    for k, matrix in enumerate(matrices + conv.learned):
        weight = conv.linear.weight[:, 4 * k : 4 * (k + 1)]
        want += torch.einsum('ij,njc,dc->nid', matrix, x, weight)
    torch.testing.assert_close(conv(x), want)


def test_adaptive_starts_as_physical():
    torch.manual_seed(0)
    physical = GraphConv(4, 5, PATH.adjacency(1))
    torch.manual_seed(0)
    adaptive = GraphConv(4, 5, PATH.adjacency(1), 'adaptive')
    x = torch.randn(2, 3, 4)
    assert torch.equal(physical(x), adaptive(x))
    adaptive(x).square().sum().backward()
    assert adaptive.learned.grad.any()


def test_adjacency_is_not_in_the_checkpoint():
    conv = GraphConv(4, 5, PATH.adjacency(1))
    assert set(conv.state_dict()) == {'linear.weight', 'linear.bias'}


@pytest.mark.parametrize('width', [4, 6])
def test_block_is_residual(width):
    block = GraphBlock(4, width, PATH.adjacency(1))
    block.norm.weight.data.zero_()
    x = torch.randn(2, 3, 4)
    torch.testing.assert_close(block(x), block.shortcut(x))


def test_no_hands_no_trouble():
    block = GraphBlock(4, 6, PATH.adjacency(1), 'adaptive')
    block(torch.zeros(0, 3, 4)).sum().backward()
    assert all(not p.grad.any() for p in block.parameters())


def test_bad_kind():
    with pytest.raises(ValueError, match=r"adjacency .*'full'"):
        GraphConv(4, 5, PATH.adjacency(1), 'full')


def test_importance_and_learned_by_hand():
    matrices = PATH.adjacency(1)
    x = torch.randn(2, 3, 4)
    for kind, used in (('importance', matrices * 3), ('learned', 3)):
        conv = GraphConv(4, 5, matrices, kind)
        start = GraphConv(4, 5, matrices)
        start.load_state_dict(conv.state_dict(), strict=False)
        torch.testing.assert_close(conv(x), start(x))
        conv.learned.data.fill_(3.0)
        free = used if kind == 'importance' else torch.full((2, 3, 3), 3.0)
        start.adjacency = free
        torch.testing.assert_close(conv(x), start(x))


def test_importance_connects_nothing_new():
    conv = GraphConv(4, 5, PATH.adjacency(1), 'importance')
    conv(torch.randn(2, 3, 4)).square().sum().backward()
    assert not conv.learned.grad[PATH.adjacency(1) == 0].any()
    assert conv.learned.grad[PATH.adjacency(1) != 0].all()
