"""What a run does besides training: random state, schedules, progress."""

from trimodal.engine.hooks.broadcast_buffers_hook import BroadcastBuffersHook
from trimodal.engine.hooks.checkpoint_hook import CheckpointHook
from trimodal.engine.hooks.class_counts_hook import ClassCountsHook
from trimodal.engine.hooks.compile_hook import CompileHook
from trimodal.engine.hooks.dataset_epoch_hook import DatasetEpochHook
from trimodal.engine.hooks.early_stopping_hook import EarlyStoppingHook
from trimodal.engine.hooks.ema_hook import EMAHook
from trimodal.engine.hooks.gradient_accumulation_hook import (
    GradientAccumulationHook,
)
from trimodal.engine.hooks.gradient_blending_hook import (
    GradientBlendingHook,
)
from trimodal.engine.hooks.gradient_norm_monitor_hook import (
    GradientNormMonitorHook,
)
from trimodal.engine.hooks.learning_rate_monitor_hook import (
    LearningRateMonitorHook,
)
from trimodal.engine.hooks.logger_hook import LoggerHook
from trimodal.engine.hooks.modality_contribution_hook import (
    ModalityContributionHook,
)
from trimodal.engine.hooks.modality_dropout_schedule import (
    ModalityDropoutSchedule,
)
from trimodal.engine.hooks.model_summary_hook import ModelSummaryHook
from trimodal.engine.hooks.nonfinite_hook import NonFiniteHook
from trimodal.engine.hooks.ogm_ge_hook import OGMGEHook
from trimodal.engine.hooks.pytorch_profiler_hook import PyTorchProfilerHook
from trimodal.engine.hooks.random_state_hook import RandomStateHook
from trimodal.engine.hooks.report_hook import ReportHook
from trimodal.engine.hooks.resume_log_hook import ResumeLogHook
from trimodal.engine.hooks.resume_validation_hook import ResumeValidationHook
from trimodal.engine.hooks.rich_progress_hook import RichProgressHook
from trimodal.engine.hooks.run_info_hook import RunInfoHook
from trimodal.engine.hooks.simple_profiler_hook import SimpleProfilerHook
from trimodal.engine.hooks.swa_hook import SWAHook
from trimodal.engine.hooks.sync_log_vars_hook import SyncLogVarsHook
from trimodal.engine.hooks.target_statistics_hook import TargetStatisticsHook
from trimodal.engine.hooks.throughput_monitor_hook import ThroughputMonitorHook
from trimodal.engine.hooks.visualization_hook import VisualizationHook

__all__ = [
    'BroadcastBuffersHook',
    'CheckpointHook',
    'ClassCountsHook',
    'CompileHook',
    'DatasetEpochHook',
    'EMAHook',
    'EarlyStoppingHook',
    'GradientAccumulationHook',
    'GradientBlendingHook',
    'GradientNormMonitorHook',
    'LearningRateMonitorHook',
    'LoggerHook',
    'ModalityContributionHook',
    'ModalityDropoutSchedule',
    'ModelSummaryHook',
    'NonFiniteHook',
    'OGMGEHook',
    'PyTorchProfilerHook',
    'RandomStateHook',
    'ReportHook',
    'ResumeLogHook',
    'ResumeValidationHook',
    'RichProgressHook',
    'RunInfoHook',
    'SWAHook',
    'SimpleProfilerHook',
    'SyncLogVarsHook',
    'TargetStatisticsHook',
    'ThroughputMonitorHook',
    'VisualizationHook',
]
