"""What the command lines of training and testing can say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class TrainOptions:
    """What the command line of ``tools/train.py`` can say.

    Args:
        work_dir (str, optional): Folder for logs and checkpoints. Defaults
            to None: the config's, else ``work_dirs/<config name>``.
        resume (str, optional): Checkpoint to go on from; 'auto' for the
            last one in the work folder that is whole, if there is one; or
            'last' or 'best'. Defaults to None.
        amp (bool): Mixed precision; bfloat16 on a CPU. Defaults to False.
        auto_scale_lr (bool): Scale the learning rate with the total batch
            size. Defaults to False.
        cfg_options (Mapping[str, Any]): Dotted keys to values. Defaults to
            none.
        launcher (str): 'none', 'pytorch', 'slurm' or 'mpi'. Defaults to
            'none'.
        seed (int, optional): Random seed. Defaults to None: the config's.
        deterministic (bool): Only deterministic algorithms. Defaults to
            False.
        benchmark (bool): Let cuDNN time its algorithms and take the fastest.
            Defaults to False.
        detect_anomaly (bool): Name the operation whose gradient is NaN; slow.
            Defaults to False.
        profiler (str, optional): 'simple' or 'pytorch'. Defaults to None.
        debug (bool): No workers, anomaly detection, verbose log, tracebacks.
            Defaults to False.
        fast_dev_run (bool): One batch of everything, no checkpoints.
            Defaults to False.
        test (bool): Test the best checkpoint after training. Defaults to
            True.
    """

    work_dir: str | None = None
    resume: str | None = None
    amp: bool = False
    auto_scale_lr: bool = False
    cfg_options: Mapping[str, Any] = field(default_factory=dict)
    launcher: str = 'none'
    seed: int | None = None
    deterministic: bool = False
    benchmark: bool = False
    detect_anomaly: bool = False
    profiler: str | None = None
    debug: bool = False
    fast_dev_run: bool = False
    test: bool = True


@dataclass(frozen=True)
class TestOptions:
    """What the command line of ``tools/test.py`` can say.

    Args:
        work_dir (str, optional): Folder for logs. Defaults to None: ``test``
            in the folder of the training.
        cfg_options (Mapping[str, Any]): Dotted keys to values. Defaults to
            none.
        launcher (str): 'none', 'pytorch', 'slurm' or 'mpi'. Defaults to
            'none'.
        tta (bool): Test-time augmentation with the config's ``tta_model``
            and ``tta_pipeline``. Defaults to False.
        subsets (bool): Score every subset of the modalities. Defaults to
            False.
        out (str, optional): A ``.pkl`` or ``.json`` file for predictions and
            metrics. Defaults to None.
    """

    __test__ = False  # pytest: not a test class

    work_dir: str | None = None
    cfg_options: Mapping[str, Any] = field(default_factory=dict)
    launcher: str = 'none'
    tta: bool = False
    subsets: bool = False
    out: str | None = None
