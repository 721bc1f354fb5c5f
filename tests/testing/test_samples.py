"""The suite's samples."""

from trimodal.testing import (
    absent_like,
    image_samples,
    speech_samples,
    stack_inputs,
    stack_streams,
    stream_samples,
)


def test_stack_inputs_pads_by_spare():
    batch = stack_inputs(speech_samples(4, (3, 5)), spare=2)
    assert batch.data.shape == (2, 7, 4)
    assert batch.mask.sum(1).tolist() == [3, 5]
    pictures = stack_inputs(image_samples(((4, 6), (5, 3))))
    assert pictures.data.shape == (2, 3, 5, 6)
    assert pictures.mask.flatten(1).sum(1).tolist() == [24, 15]


def test_stream_samples_are_all_subsets():
    samples = stream_samples({'a': 2, 'b': 3})
    batch = stack_streams([*samples, absent_like(samples[0])])
    present = [batch[name].present.tolist() for name in ('a', 'b')]
    assert list(zip(*present, strict=True)) == [
        (True, False),
        (False, True),
        (True, True),
        (False, False),
    ]
    assert batch['b'].x.shape[2] == 3
