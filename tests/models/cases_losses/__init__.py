"""The contracts of our losses: one line a loss, a module an area.

Every module here has a list ``CONTRACTS``;
``tests/models/losses/test_contracts.py`` runs them all.
"""
