"""trimodal.visualization."""
