"""What every preparer has in common."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trimodal.datasets.annotation_types import SampleAnnotation


class MediaError(ValueError):
    """A media file that can't be used; the message says why."""


@dataclass(frozen=True)
class Prepared:
    """One modality of one sample, ready to be packed.

    Args:
        arrays (dict[str, np.ndarray]): ``data``, and extras that share its
            first axis.
        annotation (SampleAnnotation): The sample's annotation, with what
            the preparation moved (e.g. boxes of a resized image).
    """

    arrays: dict[str, np.ndarray]
    annotation: SampleAnnotation


@dataclass(frozen=True)
class Problem:
    """A modality that a sample lost on the way.

    Args:
        sample_id (str): The sample.
        modality (str): What it now lacks.
        file (str): The media file, as the annotation gives it.
        kind (str): ``unreadable`` for a file that can't be used, ``empty``
            for a sound one with nothing in it, e.g. no hand.
        reason (str): Why.
    """

    sample_id: str
    modality: str
    file: str
    kind: str
    reason: str


class Preparer(ABC):
    """Turns one media file into the arrays of one modality.

    A preparer is registered in ``TASK_UTILS``, holds no open handles and can
    be pickled. For the same file it gives the same arrays, whatever it was
    given before.
    """

    #: Annotation fields that it reads; the first that is not null wins.
    fields: tuple[str, ...] = ()
    #: Why a sound file may hold nothing; for the report.
    empty_reason: str = 'nothing in it'

    @property
    def attributes(self) -> dict[str, int | float | str]:
        """What is stored with the stream, e.g. its sample rate."""
        return {}

    def require(self, fields: Collection[str]) -> dict[str, str]:
        """Get ready for a run: fetch what is needed, once.

        Called before any worker starts.

        Args:
            fields (Collection[str]): The media fields the run will read.

        Returns:
            dict[str, str]: What else the result depends on, e.g. versions.
        """
        del fields
        return {}

    @abstractmethod
    def __call__(
        self, path: Path, field: str, annotation: SampleAnnotation
    ) -> Prepared | None:
        """Prepare one file.

        Args:
            path (Path): The media file.
            field (str): The annotation field it was named by.
            annotation (SampleAnnotation): The sample's annotation.

        Returns:
            Prepared | None: None if there is nothing in the file.

        Raises:
            MediaError: If the file can't be used.
        """

    def write(
        self, value: np.ndarray, rate: float | None, path: Path
    ) -> Path | None:
        """Write an array as a file that this preparer reads.

        For inference, where a user may hand in arrays instead of files.

        Args:
            value (np.ndarray): The array.
            rate (float | None): Samples or frames a second, if given.
            path (Path): Where to, without an ending.

        Returns:
            Path | None: The file. None, unless overridden: it is written as
            sound, picture, video or landmarks, by its shape.
        """
        del value, rate, path
        return None

    def source(self, media: Mapping[str, str]) -> str | None:
        """The first of ``fields`` that a sample has, or None."""
        return next((name for name in self.fields if name in media), None)
