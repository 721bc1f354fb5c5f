"""trimodal.engine.optim."""
