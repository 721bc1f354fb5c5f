"""Media files with four modalities, and a data set of another kind."""

import json
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

CLASSES = ('lift', 'turn', 'shake')


def write_split(folder: Path, size: int) -> None:
    """Media files and their annotations; each modality is absent at times."""
    folder.mkdir(parents=True)
    samples = []
    for index in range(size):
        rng = np.random.default_rng(index)
        label = index % len(CLASSES)
        names = {
            'speech_path': f'{index}.wav',
            'gesture_path': f'{index}.npy',
            'image_path': f'{index}.png',
            'imu_path': f'{index}.csv',
        }
        sound = rng.normal(size=4000 + 500 * index) * 0.1
        soundfile.write(folder / names['speech_path'], sound, 8000)
        hands = rng.uniform(size=(8 + index, 2, 21, 3))
        np.save(folder / names['gesture_path'], hands.astype(np.float32))
        picture = rng.integers(0, 256, (40, 30, 3), np.uint8)
        Image.fromarray(picture).save(folder / names['image_path'])
        readings = rng.normal(size=(20 + index, 6)) + label
        np.savetxt(folder / names['imu_path'], readings, delimiter=',')
        if index % 5:
            del names[[*names][index % 5 - 1]]
        group = f'{folder.name}{index}'
        samples.append({'id': group, 'label': label, **names})
    content = {'metainfo': {'classes': CLASSES}, 'samples': samples}
    (folder / 'annotations.json').write_text(json.dumps(content))


def write_npz(folder: Path, size: int) -> None:
    """What ``NpzFolder`` reads: some of the modalities, and labels."""
    folder.mkdir(parents=True)
    for index in range(size):
        rng = np.random.default_rng(index)
        arrays = {
            'gesture': rng.normal(size=(9, 2, 21, 3)).astype(np.float32),
            'imu': rng.normal(size=(30, 6)).astype(np.float32),
        }
        if index % 3 == 0:
            del arrays['imu']
        np.savez(folder / f'{index}.npz', label=index % 3, **arrays)
