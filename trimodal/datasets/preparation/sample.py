"""Preparing all modalities of one sample."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trimodal.datasets.annotation_types import SampleAnnotation
from trimodal.datasets.preparation.base import MediaError, Preparer, Problem
from trimodal.registry import TASK_UTILS
from trimodal.utils import build

Arrays = dict[str, dict[str, np.ndarray] | None]


def build_preparers(modalities: Mapping[str, Any]) -> dict[str, Preparer]:
    """Build one preparer a modality.

    Args:
        modalities (Mapping[str, Any]): Config of a preparer, or one ready,
            by modality. A None leaves the modality out.

    Returns:
        dict[str, Preparer]: In the same order.

    Raises:
        ValueError: If there is none.

    Examples:
        >>> build_preparers(dict(image=dict(type='ImagePreparer')))
        ...     # doctest: +ELLIPSIS
        {'image': <trimodal.datasets.preparation.image.ImagePreparer ...>}
    """
    preparers = {
        name: build(item, TASK_UTILS)
        for name, item in modalities.items()
        if item is not None
    }
    if not preparers:
        raise ValueError('modalities must name at least one preparer')
    return preparers


def prepare_sample(
    annotation: SampleAnnotation,
    root: Path,
    preparers: Mapping[str, Preparer],
) -> tuple[SampleAnnotation, Arrays, list[Problem]]:
    """Prepare one sample; a bad file costs it that modality, no more.

    Args:
        annotation (SampleAnnotation): What to prepare.
        root (Path): The folder its media paths are relative to.
        preparers (Mapping[str, Preparer]): By modality.

    Returns:
        tuple[SampleAnnotation, Arrays, list[Problem]]: The annotation as the
        preparation moved it, arrays by modality (None where absent), and
        which files gave nothing, and why.
    """
    arrays: Arrays = dict.fromkeys(preparers)
    problems = []
    for modality, preparer in preparers.items():
        field = preparer.source(annotation.media)
        if field is None:
            continue
        file = annotation.media[field]
        kind, reason = 'empty', preparer.empty_reason
        try:
            prepared = preparer(root / file, field, annotation)
        except Exception as error:
            # Decoders and plugins raise what they like; the run goes on.
            prepared, kind, reason = None, 'unreadable', _why(error)
        if prepared is None:
            problems.append(
                Problem(annotation.id, modality, file, kind, reason)
            )
            continue
        arrays[modality] = prepared.arrays
        annotation = prepared.annotation
    return annotation, arrays, problems


def _why(error: Exception) -> str:
    if isinstance(error, MediaError):
        return str(error)
    return f'{type(error).__name__}: {error}'
