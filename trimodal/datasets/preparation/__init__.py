"""trimodal.datasets.preparation."""
