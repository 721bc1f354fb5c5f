import json
import math

import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub, MMLogger
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from tests.datasets.coco_files import coco_content, write_coco
from tests.evaluation.functional.boxes import random_boxes
from trimodal.datasets import CocoDataset
from trimodal.evaluation import CocoMetric
from trimodal.evaluation.functional import box_scores
from trimodal.registry import METRICS

META = {
    'detection_classes': ('cup', 'key', 'box'),
    'detection_category_ids': [9, 2, 5],
}


def as_samples(predicted, true, half=False) -> list[dict]:
    """What mmengine's Evaluator hands over; ids 10, 9, 8 ..."""
    made = []
    for index, (found, boxes) in enumerate(zip(predicted, true, strict=True)):
        shown = boxes.bboxes / 2 if half else boxes.bboxes
        truth = {'bboxes': torch.from_numpy(shown), 'labels': boxes.labels}
        if boxes.crowds is not None:
            truth['crowds'] = torch.from_numpy(boxes.crowds)
        made.append(
            {
                'sample_id': str(100 - index),
                'ori_shape': (600, 800),
                'img_shape': (300, 400) if half else (600, 800),
                'gt_instances': truth,
                'pred_instances': {
                    'bboxes': torch.from_numpy(found.bboxes),
                    'labels': torch.from_numpy(found.labels),
                    'scores': torch.from_numpy(found.scores),
                },
            }
        )
    return made


def run(metric, samples, meta=META) -> dict:
    metric.dataset_meta = meta
    # As many processes would.
    for sample in samples:
        metric.process(None, [sample])
    return metric.evaluate(len(samples))


@pytest.mark.parametrize('half', [False, True])
@pytest.mark.parametrize('crowds', [False, True])
def test_truth_of_the_samples(half, crowds):
    predicted, true = random_boxes(crowds=crowds)
    metric = METRICS.build({'type': 'CocoMetric'})
    result = run(metric, as_samples(predicted, true, half))
    scores = box_scores(predicted, true)
    expected = {f'coco/{k}': v for k, v in scores.to_dict().items()}
    names = META['detection_classes']
    for name, value in zip(names, scores.per_class, strict=True):
        expected[f'coco/AP[{name}]'] = value
    assert list(result) == list(expected)
    np.testing.assert_allclose([*result.values()], [*expected.values()])
    assert all(type(value) is float for value in result.values())


@pytest.mark.parametrize('backend', ['pycocotools', 'faster_coco_eval'])
def test_truth_of_a_file_as_pycocotools_reads_it(tmp_path, backend, capsys):
    """Written, read back and evaluated: the same figures."""
    predicted, true = random_boxes(crowds=True)
    samples = as_samples(predicted, true)
    prefix = tmp_path / 'out' / 'found'
    metric = CocoMetric(outfile_prefix=str(prefix), backend=backend)
    first = run(metric, samples)
    api = COCO(f'{prefix}.gt.json')
    assert {i['id'] for i in api.loadImgs(api.getImgIds())} == {
        int(sample['sample_id']) for sample in samples
    }
    assert [c['id'] for c in api.loadCats(api.getCatIds())] == [9, 2, 5]
    evaluation = COCOeval(api, api.loadRes(f'{prefix}.bbox.json'), 'bbox')
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    np.testing.assert_allclose(
        [*first.values()][:12], evaluation.stats, atol=1e-6
    )
    for sample in samples:
        del sample['gt_instances']
    metric = CocoMetric(f'{prefix}.gt.json', backend=backend)
    assert run(metric, samples, {}) == first


def test_a_part_of_the_file(tmp_path):
    predicted, true = random_boxes()
    samples = as_samples(predicted, true)
    prefix = tmp_path / 'found'
    run(CocoMetric(outfile_prefix=str(prefix)), samples)
    metric = CocoMetric(f'{prefix}.gt.json')
    np.testing.assert_equal(
        run(metric, samples[:5]), run(CocoMetric(), samples[:5])
    )
    assert not (tmp_path / 'found.gt.gt.json').exists()
    samples[0]['sample_id'] = 'x'
    with pytest.raises(ValueError, match=r"'x' is no picture .* like '100'"):
        run(metric, samples)


def test_unannotated_samples_are_left_out_and_counted():
    predicted, true = random_boxes()
    samples = as_samples(predicted, true)
    whole = run(CocoMetric(), samples[1:])
    del samples[0]['gt_instances']
    assert run(CocoMetric(), samples) == {**whole, 'coco/unannotated': 1}
    for sample in samples:
        sample.pop('gt_instances', None)
    result = run(CocoMetric(per_class=False), samples)
    assert result.pop('coco/unannotated') == len(samples)
    assert len(result) == 12
    assert all(math.isnan(value) for value in result.values())


def test_no_class_names():
    predicted, true = random_boxes()
    result = run(CocoMetric(), as_samples(predicted, true), {})
    assert {'coco/AP[0]', 'coco/AP[2]'} <= set(result)


def test_the_table_is_logged(monkeypatch):
    lines = []
    monkeypatch.setattr(
        'trimodal.evaluation.metrics.coco.print_log',
        lambda text, logger: lines.append(text),
    )
    predicted, true = random_boxes()
    run(CocoMetric(), as_samples(predicted, true))
    assert lines[0].strip() == box_scores(predicted, true).table().strip()
    assert lines[0].count('\n') == 12
    assert '| cup   | 0.' in lines[1]


def test_files_of_a_bare_name_lie_beside_the_log(monkeypatch, tmp_path):
    samples = as_samples(*random_boxes())
    (tmp_path / 'run').mkdir()
    logger = MMLogger('coco', log_file=str(tmp_path / 'run' / 'a.log'))
    monkeypatch.setattr(
        MMLogger, 'get_current_instance', classmethod(lambda cls: logger)
    )
    hub = MessageHub.get_current_instance()
    hub.update_info('loop_stage', 'test')
    try:
        metric = CocoMetric(outfile_prefix='coco', format_only=True)
        assert run(metric, samples) == {}
    finally:
        hub.runtime_info.pop('loop_stage')
    names = sorted(p.name for p in (tmp_path / 'run').glob('*.json'))
    assert names == ['test_coco.bbox.json', 'test_coco.gt.json']
    found = json.loads((tmp_path / 'run' / names[0]).read_text())
    assert set(found[0]) == {'image_id', 'category_id', 'bbox', 'score'}


def test_format_only_needs_no_truth(tmp_path):
    samples = as_samples(*random_boxes())
    for sample in samples:
        del sample['gt_instances']
    prefix = tmp_path / 'found'
    metric = CocoMetric(outfile_prefix=str(prefix), format_only=True)
    assert run(metric, samples) == {}
    assert [p.name for p in tmp_path.iterdir()] == ['found.bbox.json']


def test_calculate():
    predicted, true = random_boxes(crowds=True)
    arrays = (
        [p.bboxes for p in predicted],
        [p.labels for p in predicted],
        [p.scores for p in predicted],
        [t.bboxes for t in true],
        [t.labels for t in true],
    )
    crowds = [t.crowds for t in true]
    expected = box_scores(predicted, true).to_dict()
    assert CocoMetric.calculate(*arrays, crowds) == expected
    assert CocoMetric.calculate(*arrays)['AP'] != expected['AP']


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'ann_file': 'none.json'}, "ann_file: there is no file 'none.json'"),
        ({'backend': 'c'}, 'backend must be one of'),
        ({'max_dets': (10, 1)}, r'max_dets must be rising .* got \(10, 1\)'),
        ({'max_dets': ()}, 'max_dets'),
        ({'max_dets': (0, 1)}, 'max_dets'),
        ({'format_only': True}, 'format_only needs an outfile_prefix'),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        CocoMetric(**arguments)


def test_boxes_come_back_to_the_picture_on_disk(tmp_path):
    """Data set, resizing, metric: the truth, predicted, is found."""
    content = coco_content()
    content['annotations'][1]['bbox'] = [30, 20, 10, 10]
    path = write_coco(tmp_path, content)
    dataset = CocoDataset(
        str(path),
        img_folder=str(tmp_path / 'images'),
        pipeline=[
            dict(type='Resize', size=(17, 50), keep_ratio=True),
            dict(type='PackInputs'),
        ],
    )
    samples = []
    for index in range(len(dataset)):
        sample = dataset[index]['data_samples'].to_dict()
        true = dataset.source.fields(index)
        scores = torch.ones(len(true['bboxes']))
        sample['pred_instances'] = {
            'bboxes': torch.from_numpy(true['bboxes'].copy()),
            'labels': torch.from_numpy(true['bbox_labels'].copy()),
            'scores': scores,
        }
        samples.append(sample)
    for metric in (CocoMetric(str(path)), CocoMetric()):
        result = run(metric, samples, dataset.metainfo)
        assert result['coco/AP50'] == 1
        assert result['coco/AP[key]'] > 0.9
