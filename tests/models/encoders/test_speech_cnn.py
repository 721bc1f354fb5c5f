"""Convolutional speech encoder."""

import pytest
import torch

from trimodal.models import SpeechCNN
from trimodal.structures import ModalityInput

SMALL = {
    'in_channels': 16,
    'embed_dims': 12,
    'stem_channels': (4,),
    'stem_strides': ((1, 2),),
    'channels': (6, 8),
    'strides': (1, 2),
    'dropout': 0.0,
}


def batch(frames: int = 21) -> ModalityInput:
    return ModalityInput(
        torch.randn(3, frames, 16), torch.ones(3, frames, dtype=torch.bool)
    )


@pytest.mark.parametrize(
    ('strides', 'steps'), [((1, 1), 21), ((1, 2), 11), ((2, 3), 4)]
)
def test_a_step_for_every_product_of_strides(strides, steps):
    tokens = SpeechCNN(**{**SMALL, 'strides': strides})(batch())
    assert tokens.x.shape == (3, steps, 12)
    assert tokens.mask.all()


def test_is_what_its_parts_are():
    encoder, x = SpeechCNN(**SMALL, num_blocks=2).eval(), batch()
    steps, mask = encoder.stem(x.data, x.mask)
    assert steps.shape == (3, 21, 4 * 8)
    steps = steps.unsqueeze(2)
    assert [block.stride for block in encoder.blocks] == [1, 1, 2, 1]
    for block in encoder.blocks:
        steps, mask = block(steps, mask)
    torch.testing.assert_close(
        encoder(x).x, encoder.projection(steps.squeeze(2))
    )


def test_stochastic_depth_grows_over_all_blocks():
    encoder = SpeechCNN(**SMALL, num_blocks=2, drop_path=0.3)
    rates = [block.branch.drop_path.p for block in encoder.blocks]
    assert rates == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_learns_to_tell_chirps_apart():
    """Rising from falling: what needs the order of frames."""
    torch.manual_seed(0)
    encoder = SpeechCNN(**SMALL)
    head = torch.nn.Linear(12, 2)
    optimizer = torch.optim.AdamW(
        [*encoder.parameters(), *head.parameters()], lr=1e-2
    )

    def draw() -> tuple[ModalityInput, torch.Tensor]:
        data = torch.randn(32, 21, 16) * 0.3
        target = torch.randint(2, (32,))
        data[:, range(16), range(16)] += 2
        data = torch.where(target.view(-1, 1, 1) == 1, data.flip(2), data)
        return ModalityInput(data, torch.ones(32, 21).bool()), target

    for _ in range(15):
        x, target = draw()
        loss = torch.nn.functional.cross_entropy(
            head(encoder(x).x.mean(1)), target
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    x, target = draw()
    assert (
        head(encoder(x).x.mean(1)).argmax(1) == target
    ).float().mean() > 0.9


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'embed_dims': 0}, 'embed_dims'),
        ({'num_blocks': 0}, 'num_blocks'),
        ({'channels': ()}, 'channels'),
        ({'channels': (0, 4)}, 'channels'),
        ({'strides': (2,)}, r'strides .*\[2\]'),
        ({'strides': (2, 0)}, 'strides'),
        ({'stem_channels': ()}, 'conv_channels'),
        ({'kernel_size': 4}, 'kernel_size'),
        ({'norm': 'group'}, 'norm'),
        ({'dropout': 2.0}, 'dropout'),
        ({'drop_path': -1.0}, 'drop_path'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        SpeechCNN(**{**SMALL, **changes})
