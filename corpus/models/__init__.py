from corpus.models.audit import AuditEntry
from corpus.models.collection import Candidate, Item, Query
from corpus.models.invitation import Invitation
from corpus.models.item_set import ItemSet, ItemSetEntry
from corpus.models.job import Job
from corpus.models.project import LastOwner, Membership, Project, Role, User
from corpus.models.reference import Reference
from corpus.models.rubric import Rubric
from corpus.models.system import Hit, System
from corpus.models.variant import Variant

__all__ = [
    "AuditEntry",
    "Candidate",
    "Hit",
    "Invitation",
    "Item",
    "ItemSet",
    "ItemSetEntry",
    "Job",
    "LastOwner",
    "Membership",
    "Project",
    "Query",
    "Reference",
    "Role",
    "Rubric",
    "System",
    "User",
    "Variant",
]
