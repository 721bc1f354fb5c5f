"""Encode, align, fuse, answer: the model as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from mmengine.model import BaseModel, ModuleDict, ModuleList
from torch import Tensor, nn, zeros_like

from trimodal.models.aligners.base import BaseAligner
from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.heads.base import BaseHead
from trimodal.models.layers.checks import check_choice
from trimodal.models.objectives.base import BaseObjective
from trimodal.models.parts import (
    Config,
    build_parts,
    check_any,
    check_fit,
    check_names,
)
from trimodal.registry import MODELS
from trimodal.structures import (
    Fused,
    ModalityInput,
    Tokens,
    TriModalDataSample,
)
from trimodal.utils import build

Inputs = Mapping[str, ModalityInput]
Samples = Sequence[TriModalDataSample]


@dataclass(frozen=True)
class Features:
    """What the heads and the aligners' losses are computed from.

    Args:
        fused (Fused): What was fused.
        streams (dict[str, Tokens]): What the fusion was given.
        aligned (tuple[dict[str, Tokens], ...]): What each aligner gave.
    """

    fused: Fused
    streams: dict[str, Tokens]
    aligned: tuple[dict[str, Tokens], ...]


@MODELS.register_module()
class TriModalFusionModel(BaseModel):
    """One encoder per modality, aligners, a fusion, and one head per task.

    ::

        extract_feat(inputs)   encoders > aligners > fusion
        forward(mode='tensor')   extract_feat > heads' raw outputs
        forward(mode='loss')     extract_feat > losses of aligners, fusion,
                                 heads and objectives
        forward(mode='predict')  extract_feat > heads' predictions

    Args:
        encoders (Mapping[str, Mapping | nn.Module]): The encoder of each
            modality, or its config.
        fusion (Mapping | nn.Module): The fusion, or its config.
        heads (Mapping[str, Mapping | nn.Module]): The head of each task, or
            its config.
        aligners (Sequence[Mapping | nn.Module]): Aligners or their configs,
            one after the other. Defaults to ().
        objectives (Mapping[str, Mapping | nn.Module] | None): What training
            asks for beside the heads' losses, by name, or their configs.
            Defaults to None.
        frozen_encoders (Sequence[str]): Modalities whose encoders stay as
            they are, running statistics and dropout included. Defaults to
            ().
        data_preprocessor (Mapping | nn.Module | None): Makes batches, or its
            config. Defaults to None: batches come ready.
        modality_dropout (Mapping | nn.Module | None): Takes modalities away
            in training, or its config. Defaults to None.
        enabled_modalities (Sequence[str] | None): Modalities that are used;
            the others count as absent. Can be set at any time. Defaults to
            None, all.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If there is no encoder or no head, a name has 'loss' in
            it, two parts with losses have one name, a frozen or enabled
            modality is unknown, or encoders, fusion and heads do not fit
            together.
    """

    def __init__(
        self,
        encoders: Mapping[str, Config | nn.Module],
        fusion: Config | nn.Module,
        heads: Mapping[str, Config | nn.Module],
        aligners: Sequence[Config | nn.Module] = (),
        objectives: Mapping[str, Config | nn.Module] | None = None,
        frozen_encoders: Sequence[str] = (),
        data_preprocessor: Config | nn.Module | None = None,
        modality_dropout: Config | nn.Module | None = None,
        enabled_modalities: Sequence[str] | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(build(data_preprocessor, MODELS), init_cfg)
        check_any(encoders=encoders, heads=heads)
        self.encoders = build_parts('encoders', encoders)
        self.aligners = ModuleList(build(a, MODELS) for a in aligners)
        self.fusion = build(fusion, MODELS)
        self.heads = build_parts('heads', heads)
        self.objectives = build_parts('objectives', objectives or {})
        self.modality_dropout = build(modality_dropout, MODELS)
        check_names(len(self.aligners), self.heads, self.objectives)
        check_fit(self.encoders, self.aligners, self.fusion, self.heads)
        # In the fusion's order: mmengine sorts the keys of a config that it
        # saves, and the optimizer's state knows parameters by position.
        self.encoders = ModuleDict(
            {name: self.encoders[name] for name in self.fusion.in_channels}
        )
        self.enabled_modalities = enabled_modalities
        for name in frozen_encoders:
            check_choice('frozen_encoders', name, self.modalities)
            self.encoders[name].requires_grad_(False)
        self.frozen_encoders = tuple(frozen_encoders)
        self.train(self.training)
        for objective in self.objectives.values():
            cast(BaseObjective, objective).attach(self)

    def train(self, mode: bool = True) -> 'TriModalFusionModel':
        """Set the mode; frozen encoders stay in evaluation."""
        super().train(mode)
        for name in self.frozen_encoders:
            self.encoders[name].eval()
        return self

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities the model has an encoder for, ordered as weights."""
        return tuple(self.encoders)

    @property
    def enabled_modalities(self) -> tuple[str, ...]:
        """The modalities that are used."""
        return self._enabled

    @enabled_modalities.setter
    def enabled_modalities(self, names: Sequence[str] | None) -> None:
        names = self.modalities if names is None else names
        for name in names:
            check_choice('enabled_modalities', name, self.modalities)
        self._enabled = tuple(n for n in self.modalities if n in names)

    def get_layer_depth(self, param_name: str) -> tuple[int, int]:
        """Which layer of its encoder a parameter belongs to.

        Args:
            param_name (str): Its name in this model.

        Returns:
            tuple[int, int]: The layer, from 0, and how many the encoder has;
            0 and 1 for what comes after the encoders.
        """
        part, *names = param_name.split('.', 2)
        if part != 'encoders':
            return 0, 1
        encoder = cast(BaseEncoder, self.encoders[names[0]])
        return encoder.get_layer_depth(names[1])

    def forward(
        self,
        inputs: Inputs,
        data_samples: Samples | None = None,
        mode: str = 'tensor',
    ) -> Any:
        """Run the model.

        Args:
            inputs (Mapping[str, ModalityInput]): A batch per modality, from
                the data preprocessor.
            data_samples (Sequence[TriModalDataSample] | None): Annotations,
                one a sample. Defaults to None.
            mode (str): ``'tensor'``, ``'loss'`` or ``'predict'``. Defaults to
                ``'tensor'``.

        Returns:
            Any: The raw outputs of each head by task (``tensor``); losses and
            statistics by name (``loss``); data samples with predictions
            (``predict``).

        Raises:
            ValueError: If ``mode`` is none of these, a batch is missing, or
                ``loss`` is asked for without ``data_samples``.
        """
        check_choice('mode', mode, ('tensor', 'loss', 'predict'))
        features = self.extract_feat(inputs)
        if mode == 'loss':
            return self._loss(features, data_samples)
        if mode == 'predict':
            return self._predict(features.fused, data_samples)
        return {
            name: head(features.fused) for name, head in self.heads.items()
        }

    def extract_feat(self, inputs: Inputs) -> Features:
        """Encode, align and fuse.

        Args:
            inputs (Mapping[str, ModalityInput]): A batch per modality.

        Returns:
            Features: What was fused, of what, and what each aligner gave.
        """
        tokens = self._encode(self._select(inputs))
        aligned = []
        for aligner in self.aligners:
            tokens = aligner(tokens)
            aligned.append(tokens)
        fused = replace(self.fusion(tokens), streams=tokens)
        return Features(fused, tokens, tuple(aligned))

    def _select(self, inputs: Inputs) -> dict[str, ModalityInput]:
        """The inputs, with what is disabled or dropped made absent."""
        missing = [name for name in self.modalities if name not in inputs]
        if missing:
            raise ValueError(
                f'inputs must have a batch for each of {self.modalities}, '
                f'absent samples masked; got {sorted(inputs)}'
            )
        chosen = {}
        for name in self.modalities:
            x = inputs[name]
            enabled = name in self.enabled_modalities
            chosen[name] = x if enabled else x.keep(zeros_like(x.present))
        if self.modality_dropout is not None:
            chosen = self.modality_dropout(chosen)
        return chosen

    def _encode(self, inputs: Inputs) -> dict[str, Tokens]:
        return {
            name: encoder(inputs[name])
            for name, encoder in self.encoders.items()
        }

    def _loss(
        self, features: Features, data_samples: Samples | None
    ) -> dict[str, Tensor]:
        if data_samples is None:
            raise ValueError("mode='loss' needs data_samples, got None")
        parts = {
            f'align{index}': cast(BaseAligner, aligner).loss(tokens)
            for index, (aligner, tokens) in enumerate(
                zip(self.aligners, features.aligned, strict=True)
            )
        }
        parts['fusion'] = dict(features.fused.losses)
        for task, head in self.heads.items():
            parts[task] = cast(BaseHead, head).loss(
                features.fused, data_samples
            )
        for name, objective in self.objectives.items():
            parts[name] = cast(BaseObjective, objective).loss(
                features.streams, features.fused, data_samples
            )
        whole = {
            f'{part}.{name}': value
            for part, losses in parts.items()
            for name, value in losses.items()
        }
        weighing = cast(list[BaseObjective], list(self.objectives.values()))
        for objective in sorted(weighing, key=lambda o: o.weighs_last):
            whole = objective.weigh(whole)
        return whole

    def _predict(
        self, fused: Fused, data_samples: Samples | None
    ) -> list[TriModalDataSample]:
        if data_samples is None:
            data_samples = [TriModalDataSample() for _ in fused.pooled]
        for head in self.heads.values():
            data_samples = cast(BaseHead, head).predict(fused, data_samples)
        for sample, weights in zip(data_samples, fused.weights, strict=True):
            sample.modality_weights = weights.detach().float()
        return list(data_samples)
