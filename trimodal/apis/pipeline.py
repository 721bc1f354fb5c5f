"""From one input of a user to what a model takes."""

import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import Compose
from mmengine.logging import print_log

from trimodal.apis.media import write_media
from trimodal.datasets.annotation_types import SampleAnnotation
from trimodal.datasets.info import (
    check_encodings,
    put_annotation,
    put_stream,
)
from trimodal.datasets.preparation import (
    Preparer,
    Problem,
    prepare_sample,
)
from trimodal.registry import TRANSFORMS
from trimodal.utils import build

RATE_NAMES = ('sample_rate', 'fps')


class MediaPipeline:
    """Prepares the media of an input, then runs the test pipeline.

    Args:
        preparers (Mapping[str, Preparer]): By modality.
        transforms (Sequence[dict | Callable]): The test pipeline.
        modalities (Sequence[str]): What the model takes; one without a
            preparer is always absent.
        extras (Sequence[str]): Arrays beside ``data`` that the transforms
            read. Defaults to ('score',).
    """

    def __init__(
        self,
        preparers: Mapping[str, Preparer],
        transforms: Sequence[dict | Callable],
        modalities: Sequence[str],
        extras: Sequence[str] = ('score',),
    ) -> None:
        self.preparers = {
            name: p for name, p in preparers.items() if name in modalities
        }
        self.modalities = tuple(modalities)
        self.extras = tuple(extras)
        self.transforms = Compose([build(t, TRANSFORMS) for t in transforms])
        streams = {name: p.attributes for name, p in self.preparers.items()}
        self._encodings = check_encodings(streams)
        self._constants = {
            f'{name}_{key}': value
            for name, attributes in streams.items()
            for key, value in attributes.items()
            if key != 'encoding'
        }

    @property
    def fields(self) -> tuple[str, ...]:
        """The annotation fields that are read, such as ``speech_path``."""
        fields = (f for p in self.preparers.values() for f in p.fields)
        return tuple(dict.fromkeys(fields))

    @property
    def rates(self) -> dict[str, float]:
        """Samples or frames a second of the modalities that have any."""
        found = {}
        for name, preparer in self.preparers.items():
            for key in RATE_NAMES:
                if key in preparer.attributes:
                    found[name] = float(preparer.attributes[key])
        return found

    def __call__(
        self, given: Mapping[str, Any], skip_unreadable: bool = False
    ) -> Any:
        """Prepare one input.

        Args:
            given (Mapping[str, Any]): As ``check_inputs`` gives it.
            skip_unreadable (bool): Warn of a file that can't be read, and go
                on without it. Defaults to False.

        Returns:
            Any: What the last transform gives.

        Raises:
            ValueError: If a file can't be read and ``skip_unreadable`` is
                False.
        """
        writers = {
            field: preparer.write
            for preparer in self.preparers.values()
            for field in preparer.fields
        }
        with tempfile.TemporaryDirectory() as folder:
            annotation = SampleAnnotation(
                id=given['id'],
                media=write_media(given, self.fields, Path(folder), writers),
                metadata=dict(given.get('metadata', {})),
            )
            annotation, arrays, problems = prepare_sample(
                annotation, Path(), self.preparers
            )
        for problem in problems:
            _report(problem, skip_unreadable)
        info = {
            **self._constants,
            'sample_idx': 0,
            'group': None,
            'modalities': self.modalities,
            'rng': np.random.default_rng(0),
        }
        known: dict[str, Any] = {
            'id': annotation.id,
            'metadata': dict(annotation.metadata),
        }
        if annotation.ori_shape is not None:
            known['ori_shape'] = annotation.ori_shape
        put_annotation(info, known)
        for name in self.modalities:
            encoding = self._encodings.get(name, 'raw')
            put_stream(info, name, arrays.get(name), self.extras, encoding)
        return self.transforms(info)


def _report(problem: Problem, skip_unreadable: bool) -> None:
    text = (
        f'{problem.sample_id}: no {problem.modality} from '
        f'{Path(problem.file).name}: {problem.reason}'
    )
    if problem.kind == 'unreadable' and not skip_unreadable:
        raise ValueError(text)
    print_log(text, logger='current', level=logging.WARNING)
