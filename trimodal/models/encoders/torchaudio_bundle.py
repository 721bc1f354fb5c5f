"""Self-supervised speech models of torchaudio.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.layers.masking import connect
from trimodal.models.layers.steps import find_real
from trimodal.models.layers.wav2vec2 import (
    build_wav2vec2,
    check_rate,
    extract_frames,
    find_bundle,
    hidden_states,
    normalize_waves,
    receptive_field,
)
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput, Tokens

WEIGHTED = 'weighted'


@MODELS.register_module()
class TorchaudioBundle(BaseEncoder):
    """A wav2vec 2.0, HuBERT or WavLM model over waveforms.

    `wav2vec 2.0 <https://arxiv.org/abs/2006.11477>`_, `HuBERT
    <https://arxiv.org/abs/2106.07447>`_ and `WavLM
    <https://arxiv.org/abs/2110.13900>`_, as ``torchaudio.pipelines`` has
    them; a weighted sum of layers is that of `SUPERB
    <https://arxiv.org/abs/2105.01051>`_. Batches come from
    :class:`~trimodal.models.WaveformPreprocessor`.

    A waveform gives what torchaudio gives for it alone, padded or not: only
    present rows run, group normalisation counts real steps only, attention
    sees real steps only. One too short for a single step is taken as if
    silence followed. Bundles that want it normalise the waveform first.

    Args:
        bundle (str): A name in ``torchaudio.pipelines``, such as
            ``'WAV2VEC2_BASE'``, ``'HUBERT_BASE'`` or ``'WAVLM_BASE'``.
            Defaults to ``'WAV2VEC2_BASE'``.
        layer (int | str | None): The output of which transformer layer is
            taken, from 0, or from -1 backwards (layers behind it are left
            out); ``'weighted'``, a learned average of all; or None, the
            model's own output, which differs from -1 by a last normalisation
            where the model has one. Defaults to None.
        weights (str | None): None for random weights, ``'DEFAULT'`` to
            download the bundle's, or the path of a state dict. Defaults to
            None.
        freeze_features (bool): Whether the convolutions stay as they are, as
            is usual in fine-tuning. Defaults to True.
        frozen_layers (int): How many transformer layers stay as they are,
            with what lies between them and the convolutions; dropout
            included. Defaults to 0.
        sample_rate (int): Of the waveforms, in Hz. Defaults to 16000.
        overrides (Mapping[str, Any] | None): Arguments of
            :func:`torchaudio.models.wav2vec2_model` (or ``wavlm_model``) in
            place of the bundle's, such as ``encoder_layer_drop``. Defaults to
            None.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``bundle`` or an override is unknown, ``weights`` are
            missing or do not fit, ``sample_rate`` is not the bundle's, or
            ``layer`` or ``frozen_layers`` is not among its layers.
    """

    def __init__(
        self,
        bundle: str = 'WAV2VEC2_BASE',
        layer: int | str | None = None,
        weights: str | None = None,
        freeze_features: bool = True,
        frozen_layers: int = 0,
        sample_rate: int = 16000,
        overrides: Mapping[str, Any] | None = None,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        found = find_bundle(bundle)
        check_rate(bundle, sample_rate)
        model = build_wav2vec2(found, overrides or {}, weights)
        transformer = model.encoder.transformer
        super().__init__(transformer.pos_conv_embed.embed_dim, init_cfg)
        self.normalize = found._normalize_waveform
        self.features = model.feature_extractor
        self.projection = model.encoder.feature_projection
        self.transformer = transformer
        self.layer = layer
        self.with_cp = with_cp
        self.layer_scores: nn.Parameter | None = None
        self._choose(layer)
        self._freeze(freeze_features, frozen_layers)

    def _choose(self, layer: int | str | None) -> None:
        layers = self.transformer.layers
        count = len(layers)
        if layer == WEIGHTED:
            self.layer_scores = nn.Parameter(torch.zeros(count))
        elif isinstance(layer, int) and -count <= layer < count:
            self.transformer.layers = layers[: layer % count + 1]
        elif layer is not None:
            raise ValueError(
                f'layer must be None, {WEIGHTED!r} or lie in [{-count}, '
                f'{count - 1}], got {layer!r}'
            )
        if layer is not None and not self.transformer.layer_norm_first:
            # It would come last, behind the layers that are asked for.
            self.transformer.layer_norm = nn.Identity()

    def _freeze(self, features: bool, layers: int) -> None:
        count = len(self.transformer.layers)
        if not 0 <= layers <= count:
            raise ValueError(
                f'frozen_layers must lie in [0, {count}], the layers in use, '
                f'got {layers}'
            )
        frozen: list[nn.Module] = [self.features] if features else []
        if layers:
            frozen += [self.projection, self.transformer.pos_conv_embed]
            frozen += self.transformer.layers[:layers]
            if self.transformer.layer_norm_first:
                frozen += [self.transformer.layer_norm]
            frozen += [self.transformer.dropout]
        for module in frozen:
            module.requires_grad_(False)
        self._frozen = tuple(frozen)

    def train(self, mode: bool = True) -> 'TorchaudioBundle':
        """Set the mode; what is frozen stays in evaluation."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self

    def get_layer_depth(self, param_name: str) -> tuple[int, int]:
        """Which layer a parameter belongs to; the shares come after all."""
        if param_name == 'layer_scores':
            return 0, 1
        return super().get_layer_depth(param_name)

    def forward(self, x: ModalityInput) -> Tokens:
        """Encode waveforms.

        Args:
            x (ModalityInput): data float ``[B, N]``, mask bool ``[B, N]``,
                real samples first.

        Returns:
            Tokens: One step for every product of the convolutions' strides.
        """
        present = x.present
        rows = find_real(present)
        if not len(rows):
            steps = x.data.new_zeros(len(present), 1, self.out_channels)
            mask = torch.zeros_like(steps[..., 0], dtype=torch.bool)
            return Tokens(connect(steps, self), mask, present)
        steps, mask = self._encode(x.data[rows], x.mask[rows].sum(1))
        if len(rows) < len(present):
            shape = (len(present), *steps.shape[1:])
            steps = steps.new_zeros(shape).index_copy(0, rows, steps)
            mask = mask.new_zeros(shape[:2]).index_copy(0, rows, mask)
        return Tokens(steps, mask, present).with_x(steps)

    def _encode(self, waves: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Encode waveforms of which each has a real sample."""
        field = receptive_field(self.features)
        size = max(int(lengths.max()), field)
        waves = waves[:, :size]
        if self.normalize:
            waves = normalize_waves(waves, lengths)
        waves = nn.functional.pad(waves, (0, size - waves.shape[1]))
        steps, mask = extract_frames(
            self.features, waves, lengths.clamp(min=field)
        )
        states = hidden_states(
            self.transformer, self.projection(steps), mask, self.with_cp
        )
        if self.layer_scores is not None:
            shares = self.layer_scores.softmax(0)
            parts = zip(shares, states, strict=True)
            return sum(share * state for share, state in parts), mask
        *_, steps = states
        if self.layer is None and not self.transformer.layer_norm_first:
            steps = self.transformer.layer_norm(steps)
        return steps, mask
