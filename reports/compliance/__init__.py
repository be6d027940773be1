"""Judges under adversarial compliance conditions: answers by cell, planned contrasts, words, JSON."""
