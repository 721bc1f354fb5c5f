# What tools/prepare_data.py makes of the media files.
modalities = dict(
    speech=dict(
        type='SpeechPreparer',
        target_sample_rate=16000,
        trim_silence=True,
        max_duration=10.0,
        normalize='peak',
    ),
    gesture=dict(
        type='GesturePreparer',
        target_fps=30,
        max_frames=300,
        max_gap=5,
        smooth_keypoints=dict(type='SavgolFilter', window=7, order=2),
        normalize_coordinates=True,
    ),
    image=dict(
        type='ImagePreparer',
        target_size=(224, 224),
        keep_ratio=False,
        encoding='raw',
    ),
)
