"""Prompts as rows: shipped files get one row a content, so that a judge's prompt stays what it was."""

from django.db import transaction
from django.db.models import Count, Q

from corpus.models import Project
from judges.models import Prompt
from judges.prompting import PromptTemplate, shipped_prompts


@transaction.atomic
def sync_shipped_prompts() -> list[Prompt]:
    """A row for every shipped prompt file, in the files' order; a changed file makes a new version."""
    files = list(shipped_prompts().values())
    rows = list(
        Prompt.objects.filter(project=None, name__in=[file.name for file in files]).order_by("version")
    )
    by_content = {(row.name, row.content_hash): row for row in rows}
    newest = {row.name: row.version for row in rows}
    synced = []
    for file in files:
        row = by_content.get((file.name, file.content_hash))
        if row is None:
            # Another process may be here at the same moment: the version's uniqueness lets one row win.
            row, _made = Prompt.objects.get_or_create(
                project=None,
                name=file.name,
                version=newest.get(file.name, 0) + 1,
                defaults={
                    "source": file.source,
                    "scoring": file.scoring,
                    "messages": list(file.messages),
                    "reply": dict(file.reply),
                    "content_hash": file.content_hash,
                },
            )
        synced.append(row)
    return synced


def prompts_for(project: Project) -> list[Prompt]:
    """The prompts a judge of this project can be made with: the shipped ones, then the project's newest."""
    own: dict[str, Prompt] = {}
    for row in Prompt.objects.filter(project=project).exclude(messages=[]).order_by("name", "-version"):
        own.setdefault(row.name, row)
    return [*sync_shipped_prompts(), *own.values()]


def find_prompt(project: Project, name: str) -> Prompt | None:
    """The prompt of this name: the project's own before the shipped one."""
    found = [prompt for prompt in prompts_for(project) if prompt.name == name]
    return found[-1] if found else None


def template_of(prompt: Prompt) -> PromptTemplate:
    """The row as scoring reads it."""
    return PromptTemplate(
        name=prompt.name,
        source=prompt.source,
        messages=tuple(prompt.messages),
        reply=prompt.reply,
        content_hash=prompt.content_hash,
        scoring=prompt.scoring,
    )


def versions_of(prompt: Prompt) -> list[Prompt]:
    """All versions of this prompt, newest first, each with `n_judges`."""
    same = Q(name=prompt.name, project=prompt.project_id)
    return list(Prompt.objects.filter(same).annotate(n_judges=Count("judges")).order_by("-version"))
