"""The five-line way of the README, from files to a prediction."""


def test_train_then_predict(config_file, three_files, tmp_path):
    from mmengine import Config
    from mmengine.runner import Runner

    config = Config.fromfile(config_file)
    config.work_dir = str(tmp_path)
    Runner.from_cfg(config).train()

    from trimodal.apis import TriModalInferencer

    (best,) = tmp_path.glob('best_*.pth')
    answer = TriModalInferencer(weights=best, device='cpu')(three_files)

    (prediction,) = answer['predictions']
    assert prediction['pred_class'] == 'high'
    assert prediction['pred_score'] > 0.5
    assert prediction['present'] == ['image', 'speech', 'gesture']
