"""What TensorBoard itself reads from the files."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.compat.proto.graph_pb2 import GraphDef

from trimodal.models import TriModalFusionModel
from trimodal.structures import ModalityInput
from trimodal.utils.forward_once import evaluating
from trimodal.utils.model_summary import ModuleSummary, summarize_model
from trimodal.visualization.backends import TensorboardVisBackend
from trimodal.visualization.backends.tensorboard_backend import flatten


def read(folder: Path) -> event_accumulator.EventAccumulator:
    sizes = {event_accumulator.IMAGES: 0, event_accumulator.TENSORS: 0}
    events = event_accumulator.EventAccumulator(str(folder), sizes)
    return events.Reload()


def test_scalars_and_pictures(tmp_path: Path):
    backend = TensorboardVisBackend(str(tmp_path))
    values = {'lr/a': 0.5, 'loss': float('nan'), 'iter': 3}
    backend.add_scalars(values, step=3)
    image = np.full((4, 6, 3), 90, np.uint8)
    backend.add_image('val/first', image, step=2)
    backend.close()
    events = read(tmp_path)
    (point,) = events.Scalars('lr/a')
    assert (point.step, point.value) == (3, 0.5)
    assert np.isnan(events.Scalars('loss')[0].value)
    assert set(events.Tags()['scalars']) == {'lr/a', 'loss'}
    (picture,) = events.Images('val/first')
    assert (picture.step, picture.width, picture.height) == (2, 6, 4)


def scope_of(name: str, rows: list[ModuleSummary]) -> str:
    """Where a module's nodes are: inside those that called it."""
    kinds = {row.name: row.kind for row in rows if row.shape}
    steps = [f'{kinds[""]}[model]']
    parts = name.split('.') if name else []
    for count, part in enumerate(parts, start=1):
        outer = '.'.join(parts[:count])
        if outer in kinds:  # ModuleList and ModuleDict are not called
            steps.append(f'{kinds[outer]}[{part}]')
    return f'_GraphView/{"/".join(steps)}/'


@pytest.mark.parametrize(
    'fusion', ['ConcatFusion', 'CrossModalAttentionFusion']
)
def test_graph(tmp_path: Path, fusion: str):
    """Every module that was called has nodes under its name.

    But for those that hand on what they get.
    """
    torch.manual_seed(0)
    encoder = {'type': 'SpeechTransformer', 'in_channels': 8}
    encoder |= {'embed_dims': 8, 'num_layers': 1, 'num_heads': 2}
    names = ('a', 'b')
    widths = {'in_channels': 8, 'out_channels': 8, 'modalities': names}
    model = TriModalFusionModel(
        dict.fromkeys(names, encoder),
        {'type': fusion, **widths},
        {'cls': {'type': 'ClsHead', 'num_classes': 3, 'in_channels': 8}},
    )
    x = ModalityInput(torch.randn(1, 16, 8), torch.ones(1, 16).bool())
    backend = TensorboardVisBackend(str(tmp_path))
    batch = {'inputs': {'a': x, 'b': x}}
    with evaluating(model):
        rows = summarize_model(model, lambda: model(**batch, mode='tensor'))
        backend.add_graph(model, batch)
    backend.close()
    graph = GraphDef.FromString(read(tmp_path).Graph().SerializeToString())
    nodes = [node.name for node in graph.node]
    scopes = {row.name: scope_of(row.name, rows) for row in rows if row.shape}
    assert len(set(scopes.values())) > 80
    without = {
        row.kind
        for row in rows
        if row.name in scopes
        and not any(node.startswith(scopes[row.name]) for node in nodes)
    }
    assert without == {'Identity', 'StochasticDepth'}


def test_run_info_is_a_table(tmp_path: Path):
    backend = TensorboardVisBackend(str(tmp_path))
    backend.add_run_info({'git': {'dirty': True}, 'command': ['a|b']})
    backend.close()
    (text,) = read(tmp_path).Tensors('run_info/text_summary')
    assert text.tensor_proto.string_val[0].decode() == (
        '| what | value |\n|---|---|\n| git.dirty | True |\n'
        "| command | ['a\\|b'] |"
    )


def test_flatten():
    assert flatten({'a': {'b': {'c': 1}}, 'd': []}) == {'a.b.c': 1, 'd': []}
