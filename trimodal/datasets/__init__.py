"""trimodal.datasets."""
