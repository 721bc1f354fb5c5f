"""Blocks that convolve over the joints, then over time.

Shape letters: see :mod:`trimodal.structures.streams`; M real steps of all
sequences together.
"""

from torch import Tensor, nn

from trimodal.models.layers.graph_conv import GraphConv
from trimodal.models.layers.joint_conv import RealNorm
from trimodal.models.layers.steps import put_real, stride_mask, take_real


class GraphTimeBlock(nn.Module):
    """Graph convolution, temporal convolution, and a way around both.

    Args:
        graph (GraphConv): Over the joints, from C to C' channels.
        temporal (nn.Module): Over time, from C' to C' channels: a
            :class:`TemporalConv` or :class:`MultiBranchTemporalConv`.
        in_channels (int): C.
        out_channels (int): C'.
        stride (int): How many steps become one.
        norm (str): ``'batch'`` or ``'layer'``.
        residual (bool): Whether there is a way around both.
        graph_residual (bool): Whether there is one around the graph
            convolution alone.
        dropout (float): Dropout behind the temporal convolution.
    """

    def __init__(
        self,
        graph: GraphConv,
        temporal: nn.Module,
        in_channels: int,
        out_channels: int,
        stride: int,
        norm: str,
        residual: bool,
        graph_residual: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.graph = graph
        self.graph_norm = RealNorm(out_channels, norm)
        self.temporal = temporal
        self.dropout = nn.Dropout(dropout)
        same = in_channels == out_channels
        self.around_graph = (
            _shortcut(in_channels, out_channels, same, norm)
            if graph_residual
            else None
        )
        self.around = (
            _shortcut(in_channels, out_channels, same and stride == 1, norm)
            if residual
            else None
        )

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Apply.

        Args:
            x (Tensor): float ``[M, V, C]``, the real steps.
            mask (Tensor): bool ``[B, T]``, where they are.

        Returns:
            tuple[Tensor, Tensor]: float ``[M', V, C']`` and bool ``[B,
            T']``.
        """
        strided = stride_mask(mask, self.stride)
        y = self.graph_norm(self.graph(x))
        if self.around_graph is not None:
            y = y + self.around_graph(x)
        y = self.dropout(self.temporal(y.relu(), mask, strided))
        if self.around is not None:
            y = y + self.around(self._strided(x, mask, strided))
        return y.relu(), strided

    def _strided(self, x: Tensor, mask: Tensor, strided: Tensor) -> Tensor:
        if self.stride == 1:
            return x
        return take_real(put_real(x, mask)[:, :: self.stride], strided)


def _shortcut(
    in_channels: int, out_channels: int, same: bool, norm: str
) -> nn.Module:
    if same:
        return nn.Identity()
    return nn.Sequential(
        nn.Linear(in_channels, out_channels), RealNorm(out_channels, norm)
    )
