"""The layers that encoders and fusions are made of."""

from trimodal.models.layers.attention import MultiheadAttention
from trimodal.models.layers.beam_search import BeamSearch
from trimodal.models.layers.box_denoising import BoxDenoising
from trimodal.models.layers.cached_attention import (
    CachedAttention,
    KeyValueCache,
)
from trimodal.models.layers.conformer_layer import ConformerLayer
from trimodal.models.layers.conv_subsampling import ConvSubsampling
from trimodal.models.layers.crossmodal import CrossmodalTransformer
from trimodal.models.layers.dense_boxes import DenseBoxes
from trimodal.models.layers.gathering import gather_rows, gather_together
from trimodal.models.layers.graph_conv import GraphBlock, GraphConv
from trimodal.models.layers.graph_time import GraphTimeBlock
from trimodal.models.layers.hand_fusion import HandFusion
from trimodal.models.layers.joint_conv import (
    JointConv,
    MultiBranchTemporalConv,
    RealNorm,
    TemporalConv,
)
from trimodal.models.layers.masked_batch_norm import MaskedBatchNorm
from trimodal.models.layers.masking import (
    connect,
    connect_tensors,
    masked_mean,
    masked_softmax,
)
from trimodal.models.layers.mixture import MixtureOfExperts
from trimodal.models.layers.modality_dropout import ModalityDropout
from trimodal.models.layers.pooling import MaskedPooling
from trimodal.models.layers.positions import (
    GridPositions,
    SequencePositions,
    sinusoidal,
)
from trimodal.models.layers.residual_conv import ResidualConv
from trimodal.models.layers.skeleton import (
    LAYOUTS,
    Skeleton,
    build_skeleton,
)
from trimodal.models.layers.spec_augment import SpecAugment
from trimodal.models.layers.steps import put_real, stride_mask, take_real
from trimodal.models.layers.streams import (
    StreamMap,
    StreamMixes,
    StreamNorms,
    StreamPoolings,
    StreamProjections,
    VectorMap,
    learned_vectors,
)
from trimodal.models.layers.temporal_conv import MultiKernelTemporalConv
from trimodal.models.layers.token_embedding import TokenEmbedding
from trimodal.models.layers.transformer import (
    FeedForward,
    LayerScale,
    ResidualBranch,
    TransformerEncoder,
    TransformerLayer,
    feedforward_width,
    init_transformer,
)
from trimodal.models.layers.transformer_decoder import TransformerDecoder
from trimodal.models.layers.vocal_tract import VTLP

__all__ = [
    'LAYOUTS',
    'VTLP',
    'BeamSearch',
    'BoxDenoising',
    'CachedAttention',
    'ConformerLayer',
    'ConvSubsampling',
    'CrossmodalTransformer',
    'DenseBoxes',
    'FeedForward',
    'GraphBlock',
    'GraphConv',
    'GraphTimeBlock',
    'GridPositions',
    'HandFusion',
    'JointConv',
    'KeyValueCache',
    'LayerScale',
    'MaskedBatchNorm',
    'MaskedPooling',
    'MixtureOfExperts',
    'ModalityDropout',
    'MultiBranchTemporalConv',
    'MultiKernelTemporalConv',
    'MultiheadAttention',
    'RealNorm',
    'ResidualBranch',
    'ResidualConv',
    'SequencePositions',
    'Skeleton',
    'SpecAugment',
    'StreamMap',
    'StreamMixes',
    'StreamNorms',
    'StreamPoolings',
    'StreamProjections',
    'TemporalConv',
    'TokenEmbedding',
    'TransformerDecoder',
    'TransformerEncoder',
    'TransformerLayer',
    'VectorMap',
    'build_skeleton',
    'connect',
    'connect_tensors',
    'feedforward_width',
    'gather_rows',
    'gather_together',
    'init_transformer',
    'learned_vectors',
    'masked_mean',
    'masked_softmax',
    'put_real',
    'sinusoidal',
    'stride_mask',
    'take_real',
]
