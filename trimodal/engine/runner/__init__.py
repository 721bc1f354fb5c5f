"""trimodal.engine.runner."""
