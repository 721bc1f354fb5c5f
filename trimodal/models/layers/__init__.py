"""trimodal.models.layers."""
