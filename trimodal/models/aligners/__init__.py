"""trimodal.models.aligners."""
