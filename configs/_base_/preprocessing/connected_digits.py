# Sentences of spoken digits at 8 kHz, and nothing else.
_base_ = './default.py'

modalities = dict(
    _delete_=True,
    speech=dict(
        type='SpeechPreparer',
        target_sample_rate=8000,
        trim_silence=True,
        max_duration=20.0,
        normalize='peak',
    ),
)
