"""The contracts of our heads: one line a head, a module an area.

Every module here has a list ``CONTRACTS``;
``tests/models/heads/test_contracts.py`` runs them all.
"""
