"""trimodal.datasets.samplers."""
