from annotate.models.label import Label
from annotate.models.rater import Rater
from annotate.models.round import Hold, Round, Slot

__all__ = ["Hold", "Label", "Rater", "Round", "Slot"]
