"""trimodal.evaluation."""
