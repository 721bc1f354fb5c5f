import pytest
import torch

from trimodal.models import CharVocabulary, CTCHead
from trimodal.structures import Fused, Tokens, TriModalDataSample

VOCABULARY = CharVocabulary('ab')


def fused_of(numbers, mask=None, stream=None):
    """Features whose i-th channel is how sure a step is of token i."""
    x = 10 * torch.nn.functional.one_hot(torch.tensor(numbers), 6).float()
    if mask is None:
        mask = torch.ones(x.shape[:2], dtype=torch.bool)
    streams = {}
    if stream is not None:
        streams[stream] = Tokens(x, mask, mask.any(1))
        x = torch.zeros(len(x), 2, 4)
        mask = torch.ones(len(x), 2, dtype=torch.bool)
    shares = torch.zeros(len(x), 1)
    return Fused(x, mask, x.mean(1), shares, streams=streams)


def head_of(**arguments):
    """A head that takes the features at their word."""
    head = CTCHead(**{'in_channels': 6, 'vocabulary': VOCABULARY, **arguments})
    with torch.no_grad():
        head.layers[1].weight.copy_(torch.eye(6))
        head.layers[1].bias.zero_()
    return head.eval()


def samples(*texts):
    made = [
        TriModalDataSample(metainfo=dict(sample_id=f's{i}'))
        for i in range(len(texts))
    ]
    for sample, text in zip(made, texts, strict=True):
        if text is not None:
            sample.set_gt_text(text)
    return made


@pytest.mark.parametrize('beam', [1, 4])
def test_predicts_texts_with_scores(beam):
    head = head_of(beam_size=beam)
    fused = fused_of([[4, 4, 0, 4, 5], [0, 5, 5, 5, 0]])
    given = samples(None, None)
    predicted = head.predict(fused, given)
    assert [s.pred_text for s in predicted] == ['aab', 'b']
    for sample in predicted:
        assert -0.1 < sample.pred_text_score.item() < 0
    assert 'pred_text' not in given[0]


def test_only_real_steps_are_read():
    mask = torch.tensor([[True, False, True, False, True]])
    fused = fused_of([[4, 5, 0, 5, 4]], mask)
    (sample,) = head_of().predict(fused, samples(None))
    assert sample.pred_text == 'aa'


def test_reads_the_steps_of_one_stream():
    head = head_of(in_channels=4, stream='x', stream_channels=6)
    (sample,) = head.predict(fused_of([[5, 0, 4]], stream='x'), samples(None))
    assert sample.pred_text == 'ba'
    with pytest.raises(ValueError, match=r"one of \['y'\].*got 'x'"):
        head(fused_of([[5, 0, 4]], stream='y'))


def test_loss_is_small_where_the_text_is_right():
    head = head_of()
    fused = fused_of([[4, 0, 5], [4, 0, 5]])
    right = head.loss(fused, samples('ab', 'ab'))['loss_ctc']
    wrong = head.loss(fused, samples('ba', 'ba'))['loss_ctc']
    half = head.loss(fused, samples('ba', None))['loss_ctc']
    assert right < 0.01 < 5 < wrong
    torch.testing.assert_close(wrong, half)


def test_too_short_is_a_statistic():
    fused = fused_of([[4, 0], [4, 5]])
    losses = head_of().loss(fused, samples('aa', 'ab'))
    assert losses['too_short'].item() == 0.5
    losses = head_of().loss(fused, samples(None, None))
    assert losses['too_short'].item() == losses['loss_ctc'].item() == 0


def test_a_text_that_the_vocabulary_refuses_is_named():
    with pytest.raises(ValueError, match=r"sample 's1'.*symbol 'c'"):
        head_of().loss(fused_of([[4], [4]]), samples('a', 'ac'))


def test_alignment():
    fused = fused_of([[0, 4, 4, 0, 5]])
    (tokens,) = head_of().align(fused, ['ab'])
    assert [(t.token, t.start, t.end) for t in tokens] == [
        (4, 1, 3),
        (5, 4, 5),
    ]


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'in_channels': 0}, 'in_channels must be larger than 0'),
        ({'beam_size': 0}, 'beam_size must be larger than 0'),
        ({'dropout': 2.0}, r'dropout must lie in \[0, 1\]'),
        ({'stream_channels': 4}, 'stream_channels=4 needs stream'),
        ({'length_bonus': 1.0}, 'length_bonus=1.0 needs beam_size > 1'),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        head_of(**arguments)


def test_vocabulary_from_a_config():
    cfg = dict(type='WordVocabulary', words=('one', 'two'))
    assert len(CTCHead(4, cfg).vocabulary) == 6
