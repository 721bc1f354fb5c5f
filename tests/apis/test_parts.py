import pytest

from trimodal.apis.parts import (
    build_collate,
    build_visualizer,
    find_preparation,
)
from trimodal.registry import VISUALIZERS
from trimodal.visualization import TriModalVisualizer


def test_find_preparation():
    assert find_preparation(None, {}, {'speech': 1}, {'x': 2}) == {'speech': 1}
    packed = {'modalities': {'speech': 1}, 'versions': {}}
    assert find_preparation(packed) == {'speech': 1}
    with pytest.raises(ValueError, match='nothing says how to prepare media'):
        find_preparation(None, {})


@pytest.mark.parametrize(
    'loader',
    [
        {},
        {'collate_fn': 'pseudo_collate'},
        {'collate_fn': {'type': 'pseudo_collate'}},
    ],
)
def test_collate_by_name(loader):
    collate = build_collate(loader)
    assert collate([{'a': 1}, {'a': 2}]) == {'a': [1, 2]}


def test_collate_with_options():
    def collate(batch, scale):
        return [scale * item for item in batch]

    built = build_collate({'collate_fn': {'type': collate, 'scale': 2}})
    assert built([1, 2]) == [2, 4]


def test_visualizer_of_another_kind_is_replaced():
    settings = {'type': 'Visualizer', 'fig_save_cfg': {}}
    visualizer = build_visualizer(settings, {'speech': 8000})
    assert type(visualizer) is TriModalVisualizer
    assert visualizer.rates == {'speech': 8000}
    assert settings == {'type': 'Visualizer', 'fig_save_cfg': {}}


def test_visualizer_of_ones_own_is_kept():
    class Mine(TriModalVisualizer):
        pass

    VISUALIZERS.register_module(module=Mine)
    settings = {
        'type': 'Mine',
        'name': 'visualizer',
        'vis_backends': [{'type': 'LocalVisBackend'}],
        'max_classes': 3,
        'rates': {'speech': 1},
    }
    try:
        visualizer = build_visualizer(settings, {'speech': 8000})
    finally:
        VISUALIZERS._module_dict.pop('Mine')
    assert type(visualizer) is Mine
    assert visualizer.max_classes == 3
    assert visualizer.rates == {'speech': 1}
    assert not visualizer._vis_backends
