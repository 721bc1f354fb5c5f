"""The benchmark over seeds: order, what it keeps, and how it sums up."""

import json
from pathlib import Path

import pytest

from benchmarks import tridigits

HARD = tridigits.CONFIGS / 'tridigits_hard'
FUSION = HARD / 'late_frozen_b64-6e_tridigits_hard.py'
ALONE = [
    HARD / f'{name}_tiny_b64-20e_tridigits_hard.py'
    for name in ('speech', 'gesture', 'image')
]


def test_summary_by_hand():
    runs = [
        {'speech': 0.9, 'speech+image': 1.0},
        {'speech': 0.8, 'speech+image': 1.0},
    ]
    table = tridigits.summary(runs)
    assert table['speech']['mean'] == pytest.approx(85)
    assert table['speech']['std'] == pytest.approx(5)
    assert table['speech+image'] == {'mean': 100, 'std': 0}


def test_table_by_hand():
    table = {
        'alone': {'image': {'mean': 81.0, 'std': 2.0}},
        'both': {
            'speech': {'mean': 70.0, 'std': 0.0},
            'image': {'mean': 80.04, 'std': 1.0},
            'speech+image': {'mean': 90.0, 'std': 0.25},
        },
    }
    assert tridigits.markdown(table).splitlines() == [
        '| config | speech | image | speech+image |',
        '| --- | --- | --- | --- |',
        '| alone | – | 81.0 ± 2.0 | – |',
        '| both | 70.0 ± 0.0 | 80.0 ± 1.0 | 90.0 ± 0.2 |',
    ]


def test_encoders_are_trained_before_what_takes_them():
    first, second = tridigits.ordered([FUSION])
    assert sorted(first) == sorted(ALONE)
    assert second == [FUSION]
    assert tridigits.ordered(ALONE) == [ALONE, []]


def test_encoders_are_those_of_the_seed(tmp_path: Path):
    for path in ALONE:
        folder = tmp_path / path.stem / 'seed1'
        folder.mkdir(parents=True)
        (folder / 'epoch_20.pth').touch()
        (folder / 'last_checkpoint').write_text('/elsewhere/epoch_20.pth\n')
    options = tridigits.options_of(FUSION, 1, tmp_path)
    key = 'model.encoders.speech.init_cfg.checkpoint'
    expected = tmp_path / ALONE[0].stem / 'seed1' / 'epoch_20.pth'
    assert options[key] == str(expected)
    assert options['train_dataloader.num_workers'] == 0
    with pytest.raises(FileNotFoundError, match='seed2 holds no finished'):
        tridigits.options_of(FUSION, 2, tmp_path)


def test_a_finished_run_is_not_done_again(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(tridigits, 'train_and_test', pytest.fail)
    result = tmp_path / 'any' / 'seed0' / 'subsets.json'
    result.parent.mkdir(parents=True)
    metrics = {'speech/accuracy/top1': 0.5, 'speech/accuracy/top3': 0.7}
    result.write_text(json.dumps({'metrics': metrics}))
    assert tridigits.run(Path('any.py'), 0, tmp_path) == 0
    assert tridigits.scores(result) == {'speech': 0.5}


def test_a_run_is_kept(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(
        tridigits, 'train_and_test', lambda *_: {'speech/accuracy/top1': 0.5}
    )
    tridigits.run(Path('any.py'), 0, tmp_path)
    result = tmp_path / 'any' / 'seed0' / 'subsets.json'
    assert tridigits.scores(result) == {'speech': 0.5}


def test_a_failing_run_names_its_log(tmp_path: Path):
    with pytest.raises(RuntimeError, match=r'missing, seed 0: .*log\.txt'):
        tridigits.run(Path('missing.py'), 0, tmp_path)
    assert not (tmp_path / 'missing' / 'seed0' / 'subsets.json').exists()


def test_regression_is_summed_up_in_its_own_unit(tmp_path: Path):
    shown = tridigits.SETS['tridigits_reg'].items()
    (metric, unit), (second, _) = shown
    result = tmp_path / 'subsets.json'
    kept = {'image/regression/mae': 2.5, 'image/regression/r2': 0.4}
    result.write_text(json.dumps({'metrics': kept}))
    found = tridigits.scores(result, metric)
    assert found == {'image': 2.5}
    assert tridigits.scores(result, second) == {'image': 0.4}
    table = {'image': tridigits.summary([found], unit)}
    line = tridigits.markdown(table, digits=2).splitlines()[-1]
    assert line == '| image | 2.50 ± 0.00 |'
