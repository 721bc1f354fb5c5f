"""tools/test.py: its options and its errors."""

import json
import re
from pathlib import Path

import pytest
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from tests.engine.toy import ToyModel, write_config
from tests.test_repo.test_config_steps import SAMPLES, prepared, write_data
from tests.tools.launching import failure_of, run_tool
from trimodal.registry import MODELS


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Weights alone are enough."""
    path = tmp_path / 'weights.pth'
    torch.save({'state_dict': ToyModel().state_dict()}, path)
    return path


def test_every_option(tmp_path: Path, monkeypatch, checkpoint: Path):
    tta = "tta_model = dict(type='TriModalTTAModel')\ntta_pipeline = 'twice'\n"
    config = write_config(tmp_path, 'toy', tta)
    out, work_dir = tmp_path / 'out.json', tmp_path / 'work'
    run_tool(
        monkeypatch,
        'test',
        *(config, checkpoint, '--out', out, '--work-dir', work_dir),
        *('--tta', '--subsets', '--launcher', 'none'),
        *('--cfg-options', 'test_dataloader.dataset.size=6'),
    )
    content = json.loads(out.read_text())
    # Once for each subset, in the order of the data set; all of them last.
    assert len(content['predictions']) == 6
    ids = [sample['sample_id'] for sample in content['predictions']]
    assert ids == [f'toy_{index}' for index in range(6)]
    assert {'accuracy/top1', 'a/accuracy/top1'} <= set(content['metrics'])
    assert list(work_dir.glob('*/*.log'))


@pytest.mark.parametrize('name', ['bccd', 'tridigits_det'])
def test_detection_prints_and_writes_what_coco_reads(
    name: str, tmp_path: Path, monkeypatch, capsys, repo_root: Path
):
    """For weights of no training: boxes anywhere."""
    (path, *_) = sorted((repo_root / 'configs' / name).glob('*.py'))
    config = prepared(path, tmp_path)
    write_data(config, tmp_path)
    config.log_level = 'INFO'
    config.dump(tmp_path / 'config.py')
    model = MODELS.build(config.model)
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'weights.pth')
    files = (tmp_path / 'config.py', tmp_path / 'weights.pth')
    run_tool(monkeypatch, 'test', *files, '--work-dir', tmp_path / 'work')
    table = capsys.readouterr().out
    assert 'Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all' in table
    assert 'Average Recall     (AR) @[ IoU=0.50:0.95 | area= large' in table
    (found,) = tmp_path.glob('work/*/test_coco.bbox.json')
    truth = found.with_name('test_coco.gt.json')
    api = COCO(truth)
    assert len(api.getImgIds()) == SAMPLES
    evaluation = COCOeval(api, api.loadRes(str(found)), 'bbox')
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    ours = re.search(r'coco/AP: (\S+)', table).group(1)
    assert float(ours) == pytest.approx(evaluation.stats[0], abs=1e-4)


def test_errors(tmp_path: Path, monkeypatch, checkpoint: Path):
    config = write_config(tmp_path)
    other = tmp_path / 'other.pth'
    torch.save({'state_dict': {}}, other)
    broken = tmp_path / 'broken.pth'
    broken.write_text('<html>')
    work_dir = ('--work-dir', tmp_path / 'work')
    for arguments, message in {
        ('none.py', checkpoint): 'config file none.py does not exist',
        (config, 'no.pth'): 'checkpoint no.pth does not exist',
        (config, other): 'checkpoint is of another model than the config',
        (config, broken): 'is broken: no checkpoint begins as it does',
        (config, checkpoint, '--tta'): 'does not define tta_model',
        (config, checkpoint, '--out', 'a.txt'): 'must end in .pkl or .json',
    }.items():
        line = failure_of(monkeypatch, 'test', *arguments, *work_dir)
        assert message in line
