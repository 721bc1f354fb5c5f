"""Vocabularies: texts as the numbers of their tokens."""

from trimodal.models.vocabularies.base import BaseVocabulary
from trimodal.models.vocabularies.character import CharVocabulary
from trimodal.models.vocabularies.file import FileVocabulary
from trimodal.models.vocabularies.word import WordVocabulary

__all__ = [
    'BaseVocabulary',
    'CharVocabulary',
    'FileVocabulary',
    'WordVocabulary',
]
