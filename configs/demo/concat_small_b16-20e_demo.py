_base_ = [
    '../_base_/datasets/demo.py',
    '../_base_/models/concat_small.py',
    '../_base_/schedules/adamw_cosine_20e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=dict(
        modalities=dict(
            speech=dict(
                sample_rate=16000, n_fft=512, win_length=400, hop_length=160
            )
        )
    ),
    heads=dict(cls=dict(num_classes=8)),
)

auto_scale_lr = dict(base_batch_size=16)
