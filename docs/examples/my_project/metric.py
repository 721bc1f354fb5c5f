"""How good the answers are."""

from mmengine.evaluator import BaseMetric

from trimodal.registry import METRICS


@METRICS.register_module()
class MeanConfidence(BaseMetric):
    """The mean score of the class that is predicted."""

    default_prefix = 'confidence'

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            self.results.append(float(sample['pred_score'].max()))

    def compute_metrics(self, results):
        return {'mean': sum(results) / len(results)}
