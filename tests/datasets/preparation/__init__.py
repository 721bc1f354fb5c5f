"""Tests of trimodal.datasets.preparation."""
