"""trimodal.engine."""
