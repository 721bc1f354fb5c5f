"""trimodal.models.fusions."""
