"""trimodal.models.encoders."""
