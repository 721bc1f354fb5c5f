"""trimodal.models."""
