"""trimodal.engine.hooks."""
