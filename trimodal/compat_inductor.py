"""The mend for torch's compiler of convolutions under changing sizes.

Made by :mod:`trimodal.compat`, in the same way.
"""

import inspect
from types import ModuleType
from typing import Any

# --- Backward pass of a convolution on the CPU ----------------------------
# On its way to ATen's kernel, the only one that there is on a CPU, torch
# 2.14 fixes the sizes of the gradient for kernels of a GPU: every length of a
# sequence is compiled anew, for a minute each. Asked for at once, the kernel
# serves all lengths.
# Delete when: convolution_backward_lowering no longer calls guard_int_seq on
# the strides of its layouts, or only for a GPU.


def mend_convolution_backward(module: ModuleType) -> bool:
    """Keep sizes open where a convolution goes backwards on a CPU.

    Args:
        module (ModuleType): ``torch._inductor.kernel.conv``.

    Returns:
        bool: Whether that was needed.
    """
    faulty = getattr(module, 'convolution_backward_lowering', None)
    if faulty is None or 'guard(layout_dx' not in inspect.getsource(faulty):
        return False
    import torch
    from torch._inductor import lowering
    from torch._inductor.virtualized import V

    operator = torch.ops.aten.convolution_backward.default
    original = lowering.lowerings[operator]

    def lower(*args: Any) -> Any:
        # The picture or sequence is the second.
        if args[1].get_device().type != 'cpu':
            return original(*args)
        node = V.graph.current_node
        args, _ = lowering.constrain_to_fx_strides(node, *args)
        return module.aten_convolution_backward_fallback(*args)

    lowering.lowerings[operator] = lower
    return True
