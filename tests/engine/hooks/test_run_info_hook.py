"""run_info.json of a run, and what TensorBoard has of it."""

import json
from pathlib import Path

from tensorboard.backend.event_processing import event_accumulator

from tests.engine.tiny_fusion import write_fusion
from trimodal.engine.runner import TrainOptions, train

RUN = """
train_cfg['max_epochs'] = 1
visualizer['vis_backends'].append(dict(type='TensorboardVisBackend'))
"""


def test_a_run_tells_what_it_was_made_with(tmp_path: Path):
    """Once, though a run trains and tests."""
    config = write_fusion(tmp_path, 'run', RUN)
    folder = tmp_path / 'run'
    train(config, TrainOptions(work_dir=str(folder), seed=7))
    (path,) = folder.glob('*/run_info.json')
    info = json.loads(path.read_text())
    assert (info['seed'], info['processes']) == (7, 1)
    assert info['config'] == config
    assert info['packages']['mmengine']
    log = path.with_name(f'{path.parent.name}.log').read_text()
    assert log.count('Code: ') == 1
    if info['git'] is not None:
        assert f'Code: git {info["git"]["revision"]}' in log
    events = event_accumulator.EventAccumulator(str(path.parent / 'vis_data'))
    events.Reload()
    (text,) = events.Tensors('run_info/text_summary')
    table = text.tensor_proto.string_val[0].decode()
    assert '| seed | 7 |' in table
    assert '| packages.torch |' in table
