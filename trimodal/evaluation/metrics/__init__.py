"""trimodal.evaluation.metrics."""
