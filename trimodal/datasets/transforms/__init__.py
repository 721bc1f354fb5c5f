"""trimodal.datasets.transforms."""
