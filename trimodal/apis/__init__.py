"""trimodal.apis."""
