# The same model, tested on a data set of one's own.
_base_ = './moves.py'

test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='NpzFolder',
        folder='data/moves_npz',
        modalities=('gesture', 'imu'),
        pipeline=[dict(type='PackInputs')],
    )
)
test_evaluator = [dict(type='Accuracy'), dict(type='MeanConfidence')]
