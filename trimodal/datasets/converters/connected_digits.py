"""Connected digits: recordings of spoken digits joined to sentences.

Three to seven recordings of the Free Spoken Digit Dataset of one speaker,
with short pauses between and levels that differ. Nobody said the sentences.
"""

import io
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import soundfile

from trimodal.datasets.converters.connected_digits_plan import (
    MILLISECOND,
    ConnectedDigitsOptions,
    Sentence,
    annotation_file,
    plan_sentences,
    split_recordings,
)
from trimodal.datasets.converters.files import (
    ConversionError,
    claim_folder,
    run_jobs,
    to_json,
    write_file,
)
from trimodal.datasets.converters.tridigits_pairing import SPLITS
from trimodal.datasets.converters.tridigits_sources import read_clips
from trimodal.datasets.transforms.joining import join_waveforms

_FADE = 5 * MILLISECOND


@dataclass(frozen=True)
class _Job:
    """All that a worker needs to write the file of one sample."""

    sentence: Sentence
    path: Path


def convert_connected_digits(
    fsdd: Path,
    out: Path,
    options: ConnectedDigitsOptions,
    workers: int = 1,
) -> dict[str, int]:
    """Make ``out/{train,val,test}`` with media and ``annotations.json``.

    A run that was stopped goes on where it stopped; a finished one is left
    as it is. The files depend on the source and options alone.

    Args:
        fsdd (Path): Folder of the Free Spoken Digit Dataset.
        out (Path): Output folder.
        options (ConnectedDigitsOptions): See there.
        workers (int): Processes. Defaults to 1.

    Returns:
        dict[str, int]: Samples of each split.

    Raises:
        ConversionError: If the source can't be used or ``out`` is taken.
    """
    clips = split_recordings(read_clips(fsdd), options)
    sentences = plan_sentences(clips, options)
    annotations = {
        split: annotation_file(
            [s for s in sentences if s.split == split], options
        )
        for split in SPLITS
    }
    claim_folder(out, 'connected_digits', asdict(options), annotations)
    jobs = [_Job(s, out / s.split / s.path) for s in sentences]
    missing = [job for job in jobs if not job.path.exists()]
    run_jobs(_write, missing, workers, 'speech')
    for split, content in annotations.items():
        path = out / split / 'annotations.json'
        if not path.exists():
            write_file(path, to_json(content))
    return dict(Counter(s.split for s in sentences))


def _write(job: _Job) -> None:
    write_file(job.path, _sound(job.sentence))


def _sound(sentence: Sentence) -> bytes:
    """A wav file; that of a single clip is the source's."""
    paths = [clip.path for clip in sentence.clips]
    if not sentence.peaks:
        return paths[0].read_bytes()
    read = [soundfile.read(path, dtype='float32') for path in paths]
    rates = {rate for _, rate in read}
    if len(rates) > 1 or any(wave.ndim > 1 for wave, _ in read):
        names = ', '.join(path.name for path in paths)
        raise ConversionError(
            f'--fsdd: recordings of one speaker must be mono and of one '
            f'sample rate, got {sorted(rates)} Hz in {names}'
        )
    (rate,) = rates
    waveform = join_waveforms(
        [wave for wave, _ in read],
        sentence.peaks,
        [round(pause * MILLISECOND * rate) for pause in sentence.pauses],
        round(_FADE * rate),
    )
    buffer = io.BytesIO()
    soundfile.write(buffer, waveform, rate, format='WAV', subtype='PCM_16')
    return buffer.getvalue()
