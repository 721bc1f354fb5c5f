# Four modalities, and nothing but parts of one's own behind the encoders.
_base_ = [
    'trimodal::_base_/datasets/packed.py',
    'trimodal::_base_/models/concat_small.py',
    'trimodal::_base_/schedules/adamw_cosine_20e.py',
    'trimodal::_base_/default_runtime.py',
]
custom_imports = dict(
    imports=['trimodal', 'my_project'], allow_failed_imports=False
)

data_root = 'data/moves_packed'
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        data_root=data_root,
        pipeline=[dict(type='TurnSensor', angle=30), dict(type='PackInputs')],
    ),
)
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))

model = dict(
    data_preprocessor=dict(modalities=dict(imu=dict(type='ImuPreprocessor'))),
    encoders=dict(imu=dict(type='ImuEncoder', out_channels=128)),
    fusion=dict(
        type='MeanFusion', modalities=('speech', 'gesture', 'image', 'imu')
    ),
    heads=dict(
        cls=dict(
            _delete_=True,
            type='CosineHead',
            num_classes=3,
            in_channels=128,
            loss=dict(type='PolyLoss', epsilon=1.0),
        )
    ),
)
val_evaluator = [dict(type='Accuracy'), dict(type='MeanConfidence')]
custom_hooks = [dict(type='WeightsHook')]
