_base_ = '../_base_/tiny_demo.py'

# Against another voice and another microphone than those of the training.
model = dict(
    data_preprocessor=dict(
        modalities=dict(speech=dict(vtlp=dict(type='VTLP')))
    )
)
train_pipeline = [
    dict(type='TrimEdges', prob=0.5),
    dict(type='EqualizerPerturb', prob=0.8),
    dict(type='SpeedPerturb'),
    dict(type='AddNoise', snr=(10, 30), prob=0.5),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
