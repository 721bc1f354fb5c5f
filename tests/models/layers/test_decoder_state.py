"""What a decoder knows while sequences grow."""

import torch

from trimodal.models.layers.decoder_state import DecoderState, Memory


def append(state: DecoderState, *numbers: int) -> list[list[float]]:
    """Keep a number for each row; what the rows have been kept so far."""
    k = torch.tensor(numbers, dtype=torch.float32).view(-1, 1, 1, 1)
    kept, _ = state.cache.append(0, k, k)
    state.cache.advance()
    return kept.flatten(1).tolist()


def test_beams_go_on_from_those_of_their_sample():
    nothing = torch.zeros(0)
    state = DecoderState(Memory(((nothing, nothing),), None, None))
    assert append(state, 1, 2) == [[1], [2]]
    state.reorder(torch.tensor([[0, 0, 0], [0, 0, 0]]))
    assert state.beams == 3
    append(state, 10, 11, 12, 20, 21, 22)
    state.reorder(torch.tensor([[2, 0], [1, 1]]))
    assert state.beams == 2
    assert append(state, 0, 0, 0, 0) == [
        [1, 12, 0],
        [1, 10, 0],
        [2, 21, 0],
        [2, 21, 0],
    ]
    assert state.length == 3
