"""What a user calls: models, configs and predictions by name."""

from trimodal.apis.configs import find_config, list_models
from trimodal.apis.inferencer import TriModalInferencer
from trimodal.apis.model import init_model

__all__ = ['TriModalInferencer', 'find_config', 'init_model', 'list_models']
