"""trimodal.models.data_preprocessors."""
