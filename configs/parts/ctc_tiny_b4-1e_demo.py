# The word that is said, read from the steps of speech, beside the command.
_base_ = '../_base_/tiny_demo.py'

model = dict(
    heads=dict(
        text=dict(
            type='CTCHead',
            vocabulary=dict(
                type='FileVocabulary',
                path='{{ fileDirname }}/words.txt',
                unknown='unk',
            ),
            in_channels={{_base_.width}},
            stream='speech',
            beam_size=4,
            length_bonus=0.5,
            loss=dict(type='CTCLoss', per_token=False),
        )
    )
)

val_evaluator = [dict(type='Accuracy'), dict(type='TextMetric')]
test_evaluator = val_evaluator
