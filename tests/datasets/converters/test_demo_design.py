from collections import Counter
from itertools import combinations

import pytest

from trimodal.datasets.converters.demo_design import COMMANDS, DemoOptions

SHOWS = ('word', 'gesture', 'shown')


def ceiling(*senses):
    """Best accuracy of a judge who perceives just these without error."""
    seen = Counter(tuple(getattr(c, s) for s in senses) for c in COMMANDS)
    # One right guess for each distinct perception; commands are balanced.
    return len(seen) / len(COMMANDS)


def test_commands_have_names_of_their_own():
    assert len({command.name for command in COMMANDS}) == 8
    assert COMMANDS[0].name == 'raise-wave-cup'


@pytest.mark.parametrize('sense', SHOWS)
def test_one_modality_tells_half(sense):
    assert ceiling(sense) == 0.5
    assert len({getattr(c, sense) for c in COMMANDS}) == 4


def test_two_modalities_tell_all():
    for pair in combinations(SHOWS, 2):
        assert ceiling(*pair) == 1.0
    assert ceiling(*SHOWS) == 1.0


def test_each_modality_fails_on_commands_that_another_tells_apart():
    blind = {
        sense: {
            (first.name, second.name)
            for first, second in combinations(COMMANDS, 2)
            if getattr(first, sense) == getattr(second, sense)
        }
        for sense in SHOWS
    }
    for first, second in combinations(SHOWS, 2):
        assert not blind[first] & blind[second]


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        ({'num_train': 7}, 'num_train must be at least 8.*got 7'),
        ({'num_val': 0}, 'num_val must be at least 8'),
        ({'num_test': -1}, 'num_test must be at least 8'),
        ({'seed': -1}, 'seed must be 0 or larger, got -1'),
    ],
)
def test_options_are_checked(wrong, message):
    with pytest.raises(ValueError, match=message):
        DemoOptions(**wrong)


def test_sizes():
    assert DemoOptions(20, 10, 8).sizes == {'train': 20, 'val': 10, 'test': 8}
