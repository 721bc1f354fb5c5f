import csv

from PIL import Image

from trimodal.evaluation import ConfusionMatrix

SCORES = [[0.1, 0.9], [0.9, 0.1], [0.2, 0.8], [0.1, 0.9]]


def test_file_and_picture(samples, tmp_path):
    metric = ConfusionMatrix(out_dir=str(tmp_path / 'out'), plot=True)
    metric.dataset_meta = {'classes': ['zero', 'one']}
    metric.process(None, samples(SCORES, [1, 0, 0, None]))
    # Only scalars may be in a result: mmengine logs every value.
    assert metric.evaluate(4) == {'confusion-matrix/unlabelled': 1}
    with (tmp_path / 'out' / 'confusion-matrix.csv').open() as file:
        rows = list(csv.reader(file))
    assert rows == [
        ['true \\ predicted', 'zero', 'one'],
        ['zero', '1', '1'],
        ['one', '0', '1'],
    ]
    picture = Image.open(tmp_path / 'out' / 'confusion-matrix.png')
    assert picture.mode == 'RGB'


def test_no_folder_writes_nothing(samples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    metric = ConfusionMatrix(plot=True)
    metric.process(None, samples(SCORES, [1, 0, 0, 1]))
    assert metric.evaluate(4) == {}


def test_calculate_counts_rows_by_truth():
    matrix = ConfusionMatrix.calculate([2, 2, 0], [1, 1, 0], 3)
    assert matrix.tolist() == [[1, 0, 0], [0, 0, 2], [0, 0, 0]]
