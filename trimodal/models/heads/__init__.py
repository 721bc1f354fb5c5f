"""trimodal.models.heads."""
