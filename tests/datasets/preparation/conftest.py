from pathlib import Path

import pytest

from trimodal.datasets.preparation.hand_model import ModelError, fetch


@pytest.fixture(scope='session')
def hand_model_file() -> Path:
    """MediaPipe's model; skips where it can neither be found nor fetched."""
    try:
        return fetch()
    except ModelError as error:
        pytest.skip(str(error))
