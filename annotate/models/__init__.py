from annotate.models.adjudication import Adjudication
from annotate.models.consensus import Consensus
from annotate.models.flag import Flag
from annotate.models.gold_item import GoldItem
from annotate.models.guidelines import Guidelines
from annotate.models.key_map import KeyMap
from annotate.models.label import Label
from annotate.models.participation import Participation
from annotate.models.rater import Rater
from annotate.models.round import Round
from annotate.models.slot import Hold, Slot

__all__ = [
    "Adjudication",
    "Consensus",
    "Flag",
    "GoldItem",
    "Guidelines",
    "Hold",
    "KeyMap",
    "Label",
    "Participation",
    "Rater",
    "Round",
    "Slot",
]
