"""How commands name a judge."""

from django.core.management.base import CommandError

from corpus.models import Project
from judges.models import Judge


def find_judge(project: Project, name: str, prompt: str) -> Judge:
    """The newest version of the judge of this name and prompt. Raises CommandError."""
    judges = project.judges.filter(name=name)
    if prompt:
        judges = judges.filter(prompt__name=prompt)
    judge = judges.order_by("-version", "pk").first()
    if judge is None:
        with_prompt = f" with prompt “{prompt}”" if prompt else ""
        raise CommandError(f"Project “{project.slug}” has no judge “{name}”{with_prompt}.")
    prompts = sorted({name or "" for name in judges.values_list("prompt__name", flat=True)})
    if len(prompts) > 1:
        named = ", ".join(f"“{name}”" for name in prompts if name)
        raise CommandError(f"Judge “{name}” has several prompts; name one with --prompt: {named}.")
    return judge
