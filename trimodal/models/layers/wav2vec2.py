"""torchaudio's wav2vec 2.0, HuBERT and WavLM models over padded waveforms.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
import torchaudio
from torch import Tensor, nn
from torchaudio.models import Wav2Vec2Model, wav2vec2_model, wavlm_model
from torchaudio.models.wav2vec2.components import (
    FeatureExtractor,
    Transformer,
)
from torchaudio.pipelines import Wav2Vec2Bundle

from trimodal.models.layers.checkpointing import run_layer
from trimodal.models.layers.masked_group_norm import masked_group_norm
from trimodal.models.layers.masking import connect
from trimodal.utils.checkpoint import load_file

FACTORIES = {'Wav2Vec2': wav2vec2_model, 'WavLM': wavlm_model}
DEFAULT = 'DEFAULT'


def find_bundle(name: str) -> Wav2Vec2Bundle:
    """A bundle of torchaudio by its name.

    Args:
        name (str): Such as ``'WAV2VEC2_BASE'``.

    Returns:
        Wav2Vec2Bundle: The bundle.

    Raises:
        ValueError: If there is none, or it is no model of this kind.
    """
    known = {
        key: value
        for key, value in vars(torchaudio.pipelines).items()
        if isinstance(value, Wav2Vec2Bundle)
    }
    if name not in known:
        raise ValueError(
            f'bundle must be one of {sorted(known)}, got {name!r}'
        )
    return known[name]


def check_rate(name: str, sample_rate: int) -> None:
    """Raise unless waveforms have the rate that a bundle was trained on.

    Raises:
        ValueError: If they have not, or there is no such bundle.
    """
    rate = int(find_bundle(name).sample_rate)
    if sample_rate != rate:
        raise ValueError(
            f'sample_rate must be {rate} for {name}, got {sample_rate}: '
            f'prepare the data with target_sample_rate={rate}'
        )


def build_wav2vec2(
    bundle: Wav2Vec2Bundle,
    overrides: Mapping[str, Any],
    weights: str | None,
) -> Wav2Vec2Model:
    """Build a bundle's model, without its head for letters.

    Args:
        bundle (Wav2Vec2Bundle): The bundle.
        overrides (Mapping[str, Any]): Arguments of the architecture in place
            of the bundle's.
        weights (str | None): None for random ones, ``'DEFAULT'`` to download
            the bundle's, or the path of a state dict.

    Returns:
        Wav2Vec2Model: The model.

    Raises:
        ValueError: If an override is unknown, ``weights`` is no file, or does
            not fit the model.
    """
    allowed = sorted(set(bundle._params) - {'aux_num_out'})
    unknown = sorted(set(overrides) - set(allowed))
    if unknown:
        raise ValueError(
            f'overrides must be among {allowed}, got {unknown[0]!r}'
        )
    settings = {**bundle._params, **overrides, 'aux_num_out': None}
    model = FACTORIES[bundle._model_type](**settings)
    if weights is not None:
        _load(model, _read(bundle, weights), weights)
    return model


def _read(bundle: Wav2Vec2Bundle, weights: str) -> Mapping[str, Tensor]:
    if weights == DEFAULT:
        return bundle._get_state_dict(None)
    if not Path(weights).is_file():
        raise ValueError(
            f'weights must be None, {DEFAULT!r} or the path of a state dict, '
            f'got {weights!r}, which is no file'
        )
    state = load_file(weights, 'cpu')
    return state.get('state_dict', state)


def _load(
    model: Wav2Vec2Model, state: Mapping[str, Tensor], weights: str
) -> None:
    try:
        model.load_state_dict(
            {k: v for k, v in state.items() if not k.startswith('aux.')}
        )
    except RuntimeError as error:
        raise ValueError(
            f'weights={weights!r} do not fit the model: {error}'
        ) from error


def receptive_field(extractor: FeatureExtractor) -> int:
    """How many samples the first step of an extractor sees."""
    field = 1
    for layer in reversed(extractor.conv_layers):
        field = (field - 1) * layer.stride + layer.kernel_size
    return field


def normalize_waves(waves: Tensor, lengths: Tensor) -> Tensor:
    """Bring each waveform to mean 0 and variance 1, as torchaudio does.

    Args:
        waves (Tensor): float ``[B, N]``.
        lengths (Tensor): int64 ``[B]``, real samples of each.

    Returns:
        Tensor: float ``[B, N]``, zero where not real.
    """
    hidden = ~_until(lengths, waves.shape[1])
    count = lengths.clamp(min=1).unsqueeze(1)
    mean = waves.masked_fill(hidden, 0).sum(1, keepdim=True) / count
    centred = (waves - mean).masked_fill(hidden, 0)
    variance = centred.square().sum(1, keepdim=True) / count
    return centred * (variance + 1e-5).rsqrt()


def extract_frames(
    extractor: FeatureExtractor, waves: Tensor, lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """Run a convolutional feature extractor.

    Its convolutions see no padding: a step is real if all of its window is.
    What padding would change is a group normalisation over time; here its
    statistics are those of real steps.

    Args:
        extractor (FeatureExtractor): torchaudio's.
        waves (Tensor): float ``[B, N]``.
        lengths (Tensor): int64 ``[B]``, real samples of each.

    Returns:
        tuple[Tensor, Tensor]: float ``[B, T, C]`` and bool ``[B, T]``.
    """
    x = waves.unsqueeze(1)
    for layer in extractor.conv_layers:
        x = layer.conv(x)
        lengths = (lengths - layer.kernel_size) // layer.stride + 1
        if isinstance(layer.layer_norm, nn.GroupNorm):
            mask = _until(lengths, x.shape[2])
            x = masked_group_norm(x, mask, layer.layer_norm)
        elif layer.layer_norm is not None:
            x = layer.layer_norm(x)
        x = F.gelu(x)
    return x.transpose(1, 2), _until(lengths, x.shape[2])


def _until(lengths: Tensor, size: int) -> Tensor:
    steps = torch.arange(size, device=lengths.device)
    return steps < lengths.unsqueeze(1)


def hidden_states(
    transformer: Transformer, x: Tensor, mask: Tensor, with_cp: bool = False
) -> Iterator[Tensor]:
    """Run a transformer, and give what comes out of each of its layers.

    torchaudio's own loop cannot mask WavLM, and drops layers out of the
    graph, for which ``DistributedDataParallel`` would wait forever. Here a
    dropped layer stays in it, and WavLM's first layer, which has the
    positions of all, is never dropped.

    Args:
        transformer (Transformer): torchaudio's.
        x (Tensor): float ``[B, T, C]``.
        mask (Tensor): bool ``[B, T]``, True for real steps; every row has
            one.
        with_cp (bool): Whether each layer is computed again for its
            gradients. Defaults to False.

    Yields:
        Tensor: float ``[B, T, C]``; masked steps hold no meaning.
    """
    hidden = ~mask
    x = x.masked_fill(hidden.unsqueeze(2), 0)
    x = x + transformer.pos_conv_embed(x)
    if transformer.layer_norm_first:
        x = transformer.layer_norm(x)
    x = transformer.dropout(x)
    relative = hasattr(transformer.layers[0].attention, 'rel_attn_embed')
    padded = bool(hidden.any())
    keys = opened = None
    if padded and relative:
        keys = torch.zeros_like(x[..., 0]).masked_fill(hidden, -torch.inf)
    if padded and not relative:
        opened = mask[:, None, None].expand(-1, 1, mask.shape[1], -1)
    bias = None
    for index, layer in enumerate(transformer.layers):
        kept = relative and index == 0
        if not kept and _drops(layer, transformer.layer_drop):
            x = connect(x, layer)
        else:
            given = (x, opened, bias, keys)
            x, bias = run_layer(layer, *given, with_cp=with_cp)
        yield x


def _drops(layer: nn.Module, probability: float) -> bool:
    if not layer.training or not probability:
        return False
    return torch.rand(()).item() < probability
