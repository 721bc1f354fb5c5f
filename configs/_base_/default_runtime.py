# What every run shares. Inherit it and change single keys.
default_scope = 'trimodal'
# So that mmengine's own Runner, without our tools, finds the registries too.
custom_imports = dict(imports=['trimodal'], allow_failed_imports=False)

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=10),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # The best by the first metric of the validation, the last, and the two
    # before it. Names tell whether more is better, else rule='greater'.
    checkpoint=dict(
        type='CheckpointHook', interval=1, save_best='auto', max_keep_ckpts=3
    ),
    # A loss or gradient that is not finite: stop and say what led to it;
    # skip=True leaves such steps out, at most max_skips in a row.
    nonfinite=dict(type='NonFiniteHook'),
    # Steps of accumulative_counts batches end with the epoch.
    accumulation=dict(type='GradientAccumulationHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # Several processes: means in the log, one model to validate.
    sync_log_vars=dict(type='SyncLogVarsHook'),
    broadcast_buffers=dict(type='BroadcastBuffersHook'),
    # What makes a resumed run equal to one that never stopped.
    random_state=dict(type='RandomStateHook'),
    dataset_epoch=dict(type='DatasetEpochHook'),
    resume_validation=dict(type='ResumeValidationHook'),
    resume_log=dict(type='ResumeLogHook'),
    # The classes' shares, if a loss has class_weight='balanced'.
    class_counts=dict(type='ClassCountsHook'),
    # Mean and deviation of the targets of regression, if a head asks.
    target_statistics=dict(type='TargetStatisticsHook'),
    progress=dict(type='RichProgressHook'),
    # Samples a second and the most memory, in the log's lines.
    throughput=dict(type='ThroughputMonitorHook'),
    # Git revision, packages, command and seed: run_info.json.
    run_info=dict(type='RunInfoHook'),
    # report.md and report.html in the work folder.
    report=dict(type='ReportHook'),
)
# More of them are one line each in an experiment (custom_hooks += [...]):
#     dict(type='EarlyStoppingHook', monitor='accuracy/top1', patience=10)
#     dict(type='LearningRateMonitorHook')  # of every parameter group
#     dict(type='GradientNormMonitorHook', interval=50, depth=2)
#     dict(type='ModalityContributionHook', interval=50)
#     dict(type='ModelSummaryHook', depth=2)  # log_graph=True: TensorBoard
#     dict(type='VisualizationHook', interval=5, attention='fusion')
custom_hooks = []

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    # Without a GPU this becomes gloo.
    dist_cfg=dict(backend='nccl'),
)

# Scalars as JSON lines and for TensorBoard, both in the log folder. Also:
# dict(type='WandbVisBackend', init_kwargs=dict(mode='offline', project='p'))
# dict(type='MLflowVisBackend', tracking_uri='sqlite:///work_dirs/mlflow.db')
visualizer = dict(
    type='Visualizer',
    vis_backends=[
        dict(type='LocalVisBackend'),
        dict(type='TensorboardVisBackend'),
    ],
)
log_processor = dict(window_size=10, by_epoch=True)
log_level = 'INFO'

load_from = None
resume = False
# The same numbers every time; --seed N for another run, --deterministic for
# algorithms that give the same bits on a GPU.
randomness = dict(seed=0, deterministic=False)
