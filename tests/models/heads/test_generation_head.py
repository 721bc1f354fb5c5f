"""The head that writes texts."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models import BeamSearch, GenerationHead, WordVocabulary
from trimodal.structures import Fused, Tokens, TriModalDataSample

WORDS = WordVocabulary(['one', 'two', 'three'])
END = WORDS.eos


def head(seed: int = 0, **changes) -> GenerationHead:
    torch.manual_seed(seed)
    made = GenerationHead(
        **{
            'vocabulary': WORDS,
            'in_channels': 6,
            'embed_dims': 8,
            'num_layers': 2,
            'num_heads': 2,
            'search': {'type': 'BeamSearch', 'max_length': 6},
            **changes,
        }
    )
    for parameter in made.parameters():
        # What starts small would say the same of every sample.
        parameter.data += 0.5 * torch.randn_like(parameter)
    return made.eval()


def fused(rows: int = 4, steps: int = 5) -> Fused:
    mask = torch.arange(steps) < torch.tensor([[steps], [3], [2], [0]])[:rows]
    x = torch.randn(rows, steps, 6)
    streams = {'a': Tokens(x[..., :4], mask, mask.any(1))}
    return Fused(x, mask, x.mean(1), torch.ones(rows, 1), streams=streams)


def samples(*texts: str | None) -> list[TriModalDataSample]:
    made = []
    for text in texts:
        sample = TriModalDataSample(metainfo={'sample_id': f'id{len(made)}'})
        made.append(sample if text is None else sample.set_gt_text(text))
    return made


def test_loss_by_hand():
    """The mean over all tokens and ends, each given the true ones before."""
    ours, x = head(), fused()
    losses = ours.loss(x, samples('one two one', None, '', 'three'))
    total, right, count = torch.zeros(()), 0, 0
    for row, text in ((0, [4, 5, 4]), (2, []), (3, [6])):
        tokens = torch.tensor([[WORDS.bos, *text]])
        logits = ours(_row(x, row), tokens)[0]
        target = torch.tensor([*text, END])
        total = total + F.cross_entropy(
            logits, target, reduction='sum', label_smoothing=0.1
        )
        right += (logits.argmax(1) == target).sum().item()
        count += len(target)
    assert set(losses) == {'loss_text', 'token_accuracy'}
    torch.testing.assert_close(losses['loss_text'], total / count)
    assert losses['token_accuracy'].item() == pytest.approx(right / count)


def _row(x: Fused, row: int) -> Fused:
    return Fused(
        x.tokens[row : row + 1],
        x.mask[row : row + 1],
        x.pooled[row : row + 1],
        x.weights[row : row + 1],
    )


def test_no_texts_give_zero_with_a_graph():
    ours, x = head(positions='learned', tied_embeddings=True), fused()
    losses = ours.loss(x, samples(*[None] * 4))
    assert losses['loss_text'].item() == 0
    assert losses['token_accuracy'].item() == 0
    losses['loss_text'].backward()
    assert all(not p.grad.any() for p in ours.parameters())


@torch.no_grad()
@pytest.mark.parametrize('positions', ['sinusoidal', 'learned'])
def test_greedy_texts_without_a_cache(positions):
    """Writing on with all tokens computed again gives the same text."""
    ours, x = head(positions=positions), fused()
    ours.embedding.output.bias[END] -= 2
    got = ours.predict(x, samples(*[None] * 4))
    for row, sample in enumerate(got):
        tokens, total = [WORDS.bos], 0.0
        for _ in range(7):
            logits = ours(_row(x, row), torch.tensor([tokens]))[0, -1]
            told = len(tokens) - 1
            best = END if told == 6 else _allowed(logits)
            total += logits.log_softmax(0)[best].item()
            if best == END:
                break
            tokens.append(best)
        assert sample.pred_text == WORDS.decode(tokens)
        assert sample.pred_text_score.item() == pytest.approx(total, abs=1e-5)
    assert len({sample.pred_text for sample in got}) > 1


def _allowed(logits: torch.Tensor) -> int:
    """The best token that may come: an end or a word."""
    logits = logits.clone()
    logits[[WORDS.pad, WORDS.bos, WORDS.unk]] = -torch.inf
    return int(logits.argmax())


@torch.no_grad()
def test_beams_without_a_cache():
    """The search over the cache finds what it finds over whole texts."""
    search = BeamSearch(beam_size=4, max_length=6, length_penalty=0.6)
    ours, x = head(search=search), fused()
    told = torch.full((4, 1, 1), WORDS.bos)

    def step(tokens, parents):
        nonlocal told
        if parents is not None:
            told = told[torch.arange(4)[:, None], parents]
            told = torch.cat([told, tokens.unsqueeze(2)], 2)
        rows = torch.arange(4).repeat_interleave(told.shape[1])
        many = Fused(x.tokens[rows], x.mask[rows], x.pooled, x.weights)
        return ours(many, told.flatten(0, 1))[:, -1].view(4, -1, len(WORDS))

    first = torch.full((4,), WORDS.bos)
    want = search(step, first, END, (WORDS.pad, WORDS.bos, WORDS.unk))
    got = ours.predict(x, samples(*[None] * 4))
    assert [s.pred_text for s in got] == [
        WORDS.decode(row) for row in want.tokens.tolist()
    ]
    scores = torch.cat([s.pred_text_score for s in got])
    torch.testing.assert_close(scores, want.scores, atol=1e-5, rtol=1e-5)


def test_predictions_are_written_to_copies():
    ours, x = head(), fused()
    given = samples('one', None, None, 'two')
    got = ours.predict(x, given)
    for row, (before, after) in enumerate(zip(given, got, strict=True)):
        assert 'pred_text' not in before
        assert after.sample_id == f'id{row}'
        assert isinstance(after.pred_text, str)
        assert after.pred_text_score.isfinite().all()
    assert got[0].gt_text == 'one'


def test_learns_to_repeat_what_it_sees():
    """Texts of one to three words, each written in a step of its own."""
    torch.manual_seed(0)
    ours = GenerationHead(
        WORDS,
        in_channels=6,
        embed_dims=32,
        num_layers=1,
        num_heads=2,
        dropout=0.0,
        search={'type': 'BeamSearch', 'max_length': 4},
    )
    texts = ['one', 'two three', 'three one two', 'two two']
    x = torch.zeros(4, 3, 6)
    mask = torch.zeros(4, 3, dtype=torch.bool)
    for row, text in enumerate(texts):
        for step, number in enumerate(WORDS.encode(text)):
            x[row, step, number - 4], x[row, step, 3 + step] = 1, 1
            mask[row, step] = True
    given = Fused(x, mask, x.mean(1), torch.ones(4, 1))
    optimizer = torch.optim.Adam(ours.parameters(), lr=1e-2)
    for _ in range(60):
        loss = ours.loss(given, samples(*texts))['loss_text']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for size in (1, 3):
        ours.search.beam_size = size
        got = ours.eval().predict(given, samples(*[None] * 4))
        assert [sample.pred_text for sample in got] == texts


def test_one_stream_is_looked_at():
    ours, x = head(stream='a', stream_channels=4), fused()
    other = Fused(
        torch.randn_like(x.tokens),
        x.mask,
        x.pooled,
        x.weights,
        streams=x.streams,
    )
    assert torch.equal(ours(x), ours(other))
    assert ours(x).shape == (4, 1, len(WORDS))
    with pytest.raises(ValueError, match=r"\['a'\], .* got 'b'"):
        head(stream='b')(x)


def test_steps_looked_at_know_their_places():
    """Without them, their order says nothing."""
    x = fused(1)
    turned = Fused(x.tokens.flip(1), x.mask, x.pooled, x.weights)
    torch.testing.assert_close(head()(x), head()(turned))
    ours = head(memory_positions=True)
    assert (ours(x) - ours(turned)).abs().max() > 1e-3


def test_texts_that_cannot_be_are_named():
    ours, x = head(), fused(2)
    with pytest.raises(ValueError, match="'id1': symbol 'four'"):
        ours.loss(x, samples('one', 'four'))
    with pytest.raises(ValueError, match=r"'id1': 7 tokens, .*max_length=6"):
        ours.loss(x, samples('one', 'one ' * 7))


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'in_channels': 0}, 'in_channels'),
        ({'embed_dims': 0}, 'embed_dims'),
        ({'embed_dims': 7, 'num_heads': 7}, 'embed_dims .*2 .*got 7'),
        ({'num_heads': 3}, 'embed_dims .*3 .num_heads'),
        ({'num_layers': 0}, 'num_layers'),
        ({'feedforward_channels': 0}, 'feedforward_channels'),
        ({'dropout': 2.0}, 'dropout'),
        ({'positions': 'none'}, 'positions'),
        ({'stream_channels': 4}, 'stream_channels=4 needs stream'),
        ({'stream': 'a', 'stream_channels': 0}, 'stream_channels'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        head(**changes)
