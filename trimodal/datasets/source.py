"""Where a data set gets its samples from, and which of them it keeps."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from trimodal.datasets.packed.format import FIELDS

Streams = dict[str, dict[str, np.ndarray] | None]
# Besides the modalities, what filter_cfg can require.
REQUIRABLE = ('label', *(field.name for field in FIELDS))


class Source(Protocol):
    """Samples by number, packed or not.

    Attributes:
        metainfo (dict): Metainfo of the annotation file.
        attributes (dict): For each modality, in order, what holds for all of
            its samples, e.g. ``{'speech': {'sample_rate': 16000}}``.
        preparation (dict): How media files became streams; the configs of
            the preparers under ``modalities`` if they are known.
    """

    metainfo: dict[str, Any]
    preparation: dict[str, Any]
    attributes: dict[str, dict[str, Any]]

    def __len__(self) -> int:
        """Number of samples."""

    def labels(self) -> np.ndarray:
        """Int64 ``[N]``, -1 where there is none."""

    def has(self, name: str) -> np.ndarray:
        """Bool ``[N]``: who has a modality or a field of the annotation."""

    def fields(self, i: int) -> dict[str, Any]:
        """The fields of :class:`SampleAnnotation` that sample ``i`` has."""

    def read(self, i: int) -> tuple[dict[str, Any], Streams]:
        """The fields, and for each modality ``data`` and extras or None."""


def choose_rows(
    source: Source, filter_cfg: Mapping[str, Any]
) -> np.ndarray | None:
    """Find the samples that a filter leaves.

    Args:
        source (Source): All samples.
        filter_cfg (Mapping[str, Any]): ``require``, modalities or fields of
            the annotation that a sample must have, and ``min_modalities``,
            how many of the modalities it must have at least. Both optional.

    Returns:
        np.ndarray | None: int64, the samples that stay; None for all.

    Raises:
        ValueError: If there is an unknown key or name, or no sample stays.
    """
    known = ('require', 'min_modalities')
    unknown = sorted(set(filter_cfg) - set(known))
    if unknown:
        raise ValueError(f'filter_cfg has unknown keys {unknown}, not {known}')
    modalities = tuple(source.attributes)
    kept = np.ones(len(source), bool)
    required = filter_cfg.get('require', ())
    if isinstance(required, str):
        raise ValueError(
            f"filter_cfg['require'] must be a list of names, got {required!r}"
        )
    for name in required:
        if name not in (*modalities, *REQUIRABLE):
            raise ValueError(
                f'filter_cfg requires {name!r}; possible are '
                f'{(*modalities, *REQUIRABLE)}'
            )
        kept &= source.has(name)
    counts = np.zeros(len(source), int)
    for name in modalities:
        counts += source.has(name)
    kept &= counts >= filter_cfg.get('min_modalities', 0)
    if not kept.any():
        raise ValueError(
            f'filter_cfg {dict(filter_cfg)} leaves none of {len(kept)} samples'
        )
    return None if kept.all() else np.flatnonzero(kept)


def pick_rows(rows: np.ndarray, indices: int | Sequence[int]) -> np.ndarray:
    """Choose some of ``rows``.

    Args:
        rows (np.ndarray): int64 ``[N]``.
        indices (int | Sequence[int]): The first so many, the last so many if
            negative, or just these.

    Returns:
        np.ndarray: int64.

    Raises:
        IndexError: If there are no such rows.
        TypeError: If ``indices`` is neither.
    """
    if isinstance(indices, int):
        return rows[:indices] if indices >= 0 else rows[indices:]
    chosen = np.asarray(indices)
    if chosen.size and (chosen.ndim != 1 or chosen.dtype.kind not in 'iu'):
        raise TypeError(
            f'indices must be an int or a list of ints, got {indices!r}'
        )
    return rows[chosen.astype(int)]
