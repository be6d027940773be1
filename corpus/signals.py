"""What the rooms above may want to know of, sent inside the transaction that caused it."""

from django.dispatch import Signal

reference_rule_changed = Signal()  # sender: Project; project: the one whose references must be made again
project_deleting = Signal()  # sender: Project; project: the one whose rows are about to go
member_relieved = Signal()
"""sender: Membership; member: whose held and skipped items others get now; successor: the membership that
gets those they held, or None for the queue."""
