from django.apps import AppConfig

from corpus.signals import member_relieved, reference_rule_changed


class AnnotateApp(AppConfig):
    """What people do: rounds, labels, the labelling screen."""

    name = "annotate"

    def ready(self) -> None:
        reference_rule_changed.connect(remake_references)
        member_relieved.connect(give_back)


def remake_references(sender: type, *, project, **kwargs) -> None:
    """A project's new reference rule applies to the labels it has already."""
    from annotate.consensus import apply_rule

    apply_rule(project)


def give_back(sender: type, *, member, successor, **kwargs) -> None:
    """What a member held goes to the queue, or to their successor."""
    from annotate.services.relieving import relieve

    relieve(member.user, project=member.project, successor=successor and successor.user)
