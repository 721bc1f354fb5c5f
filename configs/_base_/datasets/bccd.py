# Blood cells, converted to the COCO form: see docs/datasets.md. Its published
# test list is not used: what is validated on is tested on, too.
data_root = 'data/bccd'
image_size = (480, 640)
train_pipeline = [
    dict(type='RandomFlip'),
    dict(type='RandomFlip', direction='vertical'),
    dict(type='ColorJitter', hue=0.02),
    dict(type='RandomIoUCrop'),
    dict(type='Resize', size=image_size),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='Resize', size=image_size),
    dict(type='PackInputs'),
]

# A batch leaves its worker as one piece of memory, not tensor by tensor.
collate = dict(type='trimodal.shared_collate')

train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    collate_fn=collate,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='CocoDataset',
        data_root=data_root,
        ann_file='annotations/train.json',
        img_folder='images',
        cache=True,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    collate_fn=collate,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CocoDataset',
        data_root=data_root,
        ann_file='annotations/val.json',
        img_folder='images',
        cache=True,
        keep_crowds=True,
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='CocoMetric')
test_evaluator = dict(type='CocoMetric', outfile_prefix='coco')
