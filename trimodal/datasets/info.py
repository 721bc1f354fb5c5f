"""How a sample becomes the dict that transforms work on."""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

ENCODINGS = ('raw', 'jpeg')
# Fields of an annotation, and their keys in the pipeline.
KEYS = {
    'id': 'sample_id',
    'group': 'group',
    'label': 'gt_label',
    'transcription': 'gt_text',
    'target': 'gt_value',
    'bboxes': 'gt_bboxes',
    'bbox_labels': 'gt_bboxes_labels',
    'bbox_scores': 'gt_bboxes_scores',
    'bbox_crowds': 'gt_bboxes_crowds',
    'ori_shape': 'ori_shape',
    'metadata': 'metadata',
}
CLASS_LISTS = ('classes', 'detection_classes')


def put_annotation(info: dict[str, Any], fields: Mapping[str, Any]) -> None:
    """Add an annotation to ``info``.

    Args:
        info (dict[str, Any]): Changed in place.
        fields (Mapping[str, Any]): What is known, by the names of
            :class:`SampleAnnotation`.
    """
    for name, value in fields.items():
        info[KEYS[name]] = value
    if 'target' in fields:
        info['gt_value'] = np.asarray(fields['target'], np.float32)
    if 'ori_shape' in fields:
        info['ori_shape'] = tuple(map(int, fields['ori_shape']))


def put_stream(
    info: dict[str, Any],
    name: str,
    arrays: Mapping[str, np.ndarray] | None,
    extras: Sequence[str],
    encoding: str = 'raw',
) -> None:
    """Add one modality to ``info``.

    Args:
        info (dict[str, Any]): Changed in place.
        name (str): The modality.
        arrays (Mapping[str, np.ndarray] | None): ``data`` and extras, None
            if absent.
        extras (Sequence[str]): The extras to hand on.
        encoding (str): One of ``ENCODINGS``. Defaults to 'raw'.
    """
    if arrays is None:
        info[name] = None
        return
    data = arrays['data']
    if encoding == 'jpeg':
        data = decode_jpeg(data)
    info[name] = data
    for extra in extras:
        if extra in arrays:
            info[f'{name}_{extra}'] = arrays[extra]
    if name == 'image':
        info['img_shape'] = data.shape[:2]
        # Files packed before the size on disk was kept do not tell it.
        info.setdefault('ori_shape', info['img_shape'])


def decode_jpeg(data: np.ndarray) -> np.ndarray:
    """Decode a picture that is kept as JPEG bytes.

    Args:
        data (np.ndarray): uint8 ``[N]``.

    Returns:
        np.ndarray: uint8 ``[height, width, 3]``, RGB.

    Raises:
        ValueError: If the bytes are no picture.
    """
    # The preparation has turned it upright already.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    image = cv2.imdecode(data, flags)
    if image is None:
        raise ValueError(
            f'{data.size} bytes of a picture cannot be decoded as JPEG'
        )
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def check_encodings(
    attributes: Mapping[str, Mapping[str, Any]],
) -> dict[str, str]:
    """Find out how each stream is encoded.

    Args:
        attributes (Mapping[str, Mapping[str, Any]]): Those of each stream.

    Returns:
        dict[str, str]: One of ``ENCODINGS`` for each.

    Raises:
        ValueError: If it is none of them.
    """
    found = {
        name: stream.get('encoding', 'raw')
        for name, stream in attributes.items()
    }
    for name, encoding in found.items():
        if encoding not in ENCODINGS:
            raise ValueError(
                f'{name} has encoding {encoding!r}; known are {ENCODINGS}'
            )
    return found


def merge_metainfo(
    given: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    """Let the metainfo of a config go before that of the file.

    Args:
        given (Mapping[str, Any]): Of the config; other names for the same
            classes are fine.
        stored (Mapping[str, Any]): Of the file.

    Returns:
        dict[str, Any]: Both together; lists of classes are tuples.

    Raises:
        ValueError: If the two have lists of classes of different length.
    """
    merged = {**stored, **given}
    for key in CLASS_LISTS:
        if merged.get(key) is None:
            continue
        merged[key] = tuple(merged[key])
        if len(merged[key]) != len(stored.get(key) or merged[key]):
            raise ValueError(
                f'metainfo[{key!r}] has {len(merged[key])} names, but the '
                f'labels in the file count {len(stored[key])}: {stored[key]}'
            )
    return merged
