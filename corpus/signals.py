"""What the rooms above may want to know of, sent inside the transaction that caused it."""

from django.dispatch import Signal

reference_rule_changed = Signal()  # sender: Project; project: the one whose references must be made again
