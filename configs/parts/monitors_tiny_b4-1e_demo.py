_base_ = '../_base_/tiny_demo.py'

# What watches a training: rates, gradients, modalities, speed, pictures.
custom_hooks = [
    dict(type='LearningRateMonitorHook', interval=10),
    dict(type='GradientNormMonitorHook', interval=50, depth=2),
    dict(type='ModalityContributionHook', interval=50),
    dict(type='ModelSummaryHook', depth=2),
    dict(type='VisualizationHook', interval=5, num_samples=4),
    dict(type='EarlyStoppingHook', monitor='accuracy/top1', patience=10),
]
visualizer = dict(
    type='TriModalVisualizer',
    vis_backends=[
        dict(type='LocalVisBackend'),
        dict(type='TensorboardVisBackend'),
        # With an account or without: wandb sync uploads the run later.
        # dict(type='WandbVisBackend',
        #      init_kwargs=dict(mode='offline', project='trimodal')),
        # dict(type='MLflowVisBackend',
        #      tracking_uri='sqlite:///work_dirs/mlflow.db'),
    ],
)
