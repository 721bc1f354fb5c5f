"""trimodal.models.losses."""
