"""What holds for every augmentation."""

import pickle
import random
from typing import Any

import numpy as np
import pytest
import torch

from tests.datasets.transforms.samples import all_transforms, make_sample
from trimodal.datasets import transforms as package
from trimodal.datasets.transforms import (
    MirrorHands,
    ModalityTransform,
    RandomFlip,
    RandomResize,
    RandomResizedCrop,
    Resize,
    VolumePerturb,
)
from trimodal.registry import TRANSFORMS

every = pytest.mark.parametrize(
    'transform', all_transforms(), ids=lambda t: type(t).__name__
)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(
            a, b, equal_nan=a.dtype.kind == 'f'
        )
    return a is b or bool(a == b)


def same_sample(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a.keys() == b.keys() and all(
        same(a[key], b[key]) for key in a if key != 'rng'
    )


def test_every_exported_transform_is_tested_here() -> None:
    tested = {type(transform).__name__ for transform in all_transforms()}
    # They change no arrays, or several samples; each has tests of its own.
    others = {'CollectLabels', 'JoinClips', 'ModalityTransform', 'PackInputs'}
    assert tested | others == set(package.__all__)


@every
def test_changes_its_modality_and_nothing_it_was_given(
    transform: ModalityTransform,
) -> None:
    given, reference = make_sample(), make_sample()
    out = transform(given)  # its arrays are read-only: a write would raise
    assert same_sample(given, reference)
    assert not same(out[transform.key], given[transform.key])
    for key in given:
        assert key in out
        if not key.startswith((transform.key, 'gt_bboxes', 'img_shape')):
            assert out[key] is given[key]


@every
def test_same_seed_same_result(transform: ModalityTransform) -> None:
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    first = transform(make_sample(seed=5))
    random.seed(2), np.random.seed(2), torch.manual_seed(2)
    assert same_sample(first, transform(make_sample(seed=5)))


@pytest.mark.parametrize(
    'transform',
    [
        transform
        for transform in all_transforms()
        if not isinstance(transform, MirrorHands | RandomFlip | Resize)
    ],
    ids=lambda t: type(t).__name__,
)
def test_other_seed_other_result(transform: ModalityTransform) -> None:
    key = transform.key
    results = [transform(make_sample(seed=s))[key] for s in range(4)]
    assert not all(
        r.shape == results[0].shape and same(r, results[0]) for r in results
    )


@every
def test_leaves_global_random_state_alone(
    transform: ModalityTransform,
) -> None:
    def states() -> tuple[Any, ...]:
        return (
            random.getstate(),
            np.random.get_state()[1].tobytes(),
            torch.get_rng_state().numpy().tobytes(),
        )

    before = states()
    transform(make_sample())
    assert states() == before


@every
def test_absent_modality_comes_back_unchanged(
    transform: ModalityTransform,
) -> None:
    sample = make_sample()
    sample[transform.key] = None
    reference = dict(sample)
    assert transform(sample) is sample
    assert sample == reference
    del sample[transform.key]
    assert transform(sample) is sample


@every
def test_works_without_an_rng(transform: ModalityTransform) -> None:
    sample = make_sample()
    del sample['rng']
    assert transform(sample)[transform.key] is not None


@every
def test_prob_zero_changes_nothing(transform: ModalityTransform) -> None:
    sample = make_sample()
    transform.prob, prob = 0.0, transform.prob
    try:
        assert transform(sample) is sample
    finally:
        transform.prob = prob


@every
def test_pickles(transform: ModalityTransform) -> None:
    copied = pickle.loads(pickle.dumps(transform))
    assert same_sample(copied(make_sample()), transform(make_sample()))


@every
def test_acts_on_another_key(transform: ModalityTransform) -> None:
    """A second stream is changed as the first would be, and it alone."""
    settings = {k: v for k, v in vars(transform).items() if k[0] != '_'}
    key = settings.pop('key')
    if isinstance(transform, RandomResizedCrop | RandomResize | Resize):
        settings.pop('prob')
    other = TRANSFORMS.build(
        dict(type=type(transform).__name__, key='extra', **settings)
    )
    sample = make_sample()
    for name in [n for n in sample if n.startswith(key)]:
        sample[name.replace(key, 'extra')] = sample[name]
    out = other(sample)
    assert same(out['extra'], transform(make_sample())[key])
    for name in sample:
        if not name.startswith('extra'):
            assert out[name] is sample[name]


@every
def test_repr_can_be_read(transform: ModalityTransform) -> None:
    text = repr(transform)
    assert text.startswith(f"{type(transform).__name__}(key='")
    assert 'object at' not in text


def test_prob_is_how_often() -> None:
    rng = np.random.default_rng(0)
    mirror = MirrorHands(prob=0.3)
    sample = {**make_sample(), 'rng': rng}
    changed = sum(mirror(sample) is not sample for _ in range(1000))
    assert abs(changed - 300) < 45  # three standard deviations


@pytest.mark.parametrize('prob', [-0.1, 1.1, float('nan'), '0.5', None])
def test_bad_prob(prob: Any) -> None:
    with pytest.raises(ValueError, match='prob must be a number from 0 to 1'):
        VolumePerturb(prob=prob)


@pytest.mark.parametrize('key', ['', None, 3])
def test_bad_key(key: Any) -> None:
    with pytest.raises(ValueError, match='key must be a non-empty str'):
        VolumePerturb(key=key)
