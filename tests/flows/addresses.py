"""Every URL of the site, and the address of each part of a world."""

from io import BytesIO
from types import SimpleNamespace

from django.test import Client
from django.urls import get_resolver, reverse

# What stands in the path before an object's number says what it is.
BEFORE_NUMBER = {
    "adjudicate": "item",
    "items": "item",
    "rounds": "round",
    "judges": "judge",
    "prompts": "prompt",
    "tried": "tried",
    "schedules": "schedule",
    "agreement": "judge",
    "compliance": "experiment",
    "experiments": "experiment",
    "runs": "run",
    "jobs": "job",
    "imports": "import_done",
    "exports": "export",
    "releases": "release",
    "members": "member",
    "invitations": "invitation",
    "engines": "engine",
    "users": "user",
    "rubric": "rubric",
    "negatives": "pool",
    "selections": "selection",
}
WORDS_IN_PATHS = {"token": "none", "wording": "compliance-suffix", "path": "README.md"}


def urls() -> dict[str, list[str]]:
    """(name, names of its arguments) of every URL of the site."""
    found: dict[str, list[str]] = {}

    def walk(resolver, namespace: str, arguments: list[str]) -> None:
        for pattern in resolver.url_patterns:
            names = arguments + list(pattern.pattern.regex.groupindex)
            if hasattr(pattern, "url_patterns"):
                walk(pattern, pattern.namespace or namespace, names)
            else:
                found[f"{namespace}:{pattern.name}" if namespace else str(pattern.name)] = names

    walk(get_resolver(), "", [])
    return found


def address(name: str, arguments: list[str], world: SimpleNamespace, *, slug: str = "") -> str:
    """The URL of this name for the world's objects; under another project's slug where one is given."""
    values = dict.fromkeys(arguments, 0) | {"slug": slug or world.project.slug}
    values |= {each: word for each, word in WORDS_IN_PATHS.items() if each in arguments}
    if "pk" in arguments:
        values["pk"] = named_object(name, arguments, world).pk
    return reverse(name, kwargs={each: values[each] for each in arguments})


def named_object(name: str, arguments: list[str], world: SimpleNamespace):
    """The object that the number in this URL names."""
    if name in ("exchange:import-preview", "exchange:import-discard"):
        return world.import_draft
    blank = {each: WORDS_IN_PATHS.get(each, "x") for each in arguments} | {"pk": 0}
    parts = reverse(name, kwargs=blank).split("/")
    return getattr(world, BEFORE_NUMBER[parts[parts.index("0") - 1]])


def drain(response) -> None:
    """Read a file's response to its end, which closes the file."""
    if response.streaming:
        for _ in response.streaming_content:
            pass


def upload(client: Client, slug: str, *, name: str, content: str):
    file = BytesIO(content.encode())
    file.name = name
    return client.post(reverse("exchange:import-upload", args=[slug]), {"file": file})
