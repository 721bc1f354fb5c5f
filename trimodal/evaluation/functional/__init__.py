"""trimodal.evaluation.functional."""
