"""trimodal.datasets.packed."""
