import pytest
from mmengine.logging import MessageHub, MMLogger

from trimodal.evaluation.reports import (
    report_path,
    reports_of,
    text_table,
    with_part,
    write_csv,
)


@pytest.fixture
def stage():
    hub = MessageHub.get_current_instance()

    def at(name: str) -> None:
        hub.update_info('loop_stage', name)

    yield at
    hub.runtime_info.pop('loop_stage', None)


def test_text_table_aligns():
    table = text_table(['class', 'n'], [['zero', 5], ['[b]one', 100]])
    assert table.splitlines() == [
        '| class  |   n |',
        '|--------|-----|',
        '| zero   |   5 |',
        '| [b]one | 100 |',
    ]


def test_text_table_counts_wide_letters_double():
    lines = text_table(['c', 'n'], [['零', 1], ['ab', 2]]).splitlines()
    assert lines[2:] == ['| 零 | 1 |', '| ab | 2 |']


def test_long_table_is_not_folded():
    table = text_table([f'column {i}' for i in range(40)], [[0.5] * 40])
    assert len(table.splitlines()) == 3


def test_path_names_the_stage(tmp_path, stage):
    assert report_path('a/b', '.csv', tmp_path) == tmp_path / 'a_b.csv'
    stage('val')
    path = report_path('a/b', '.csv', tmp_path / 'new')
    assert path == tmp_path / 'new' / 'val_a_b.csv'
    assert path.parent.is_dir()


def test_path_names_the_part(tmp_path, stage):
    stage('test')
    with reports_of('speech+image'):
        assert report_path('a', '.csv', tmp_path).name == (
            'test_speech+image_a.csv'
        )
        assert with_part('x.json') == 'speech+image_x.json'
    with reports_of(None):
        assert report_path('a', '.csv', tmp_path).name == 'test_a.csv'


def test_the_part_ends_with_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), reports_of('speech'):
        1 / 0  # noqa: B018
    assert with_part('x.json') == 'x.json'


def test_path_beside_the_log(tmp_path):
    MMLogger.get_instance(
        'test_path_beside_the_log', log_file=str(tmp_path / 'run.log')
    )
    assert report_path('x', '.csv') == tmp_path / 'x.csv'
    MMLogger.get_instance('test_path_without_a_log')
    assert report_path('x', '.csv') is None


def test_csv(tmp_path):
    write_csv(tmp_path / 'a.csv', ['class', 'n'], [['a, b', 1], ['零', 2]])
    text = (tmp_path / 'a.csv').read_text(encoding='utf-8')
    assert text.split() == ['class,n', '"a,', 'b",1', '零,2']
