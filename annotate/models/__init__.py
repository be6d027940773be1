from annotate.models.adjudication import Adjudication
from annotate.models.consensus import Consensus
from annotate.models.label import Label
from annotate.models.participation import Participation
from annotate.models.rater import Rater
from annotate.models.round import Round
from annotate.models.slot import Hold, Slot

__all__ = ["Adjudication", "Consensus", "Hold", "Label", "Participation", "Rater", "Round", "Slot"]
