"""What came into a world and goes out of it: imports, an export, a release."""

from types import SimpleNamespace

from django.utils import timezone

from corpus.models import Job
from exchange.datasets.plan import Plan
from exchange.importing.bad_rows import BadRows
from exchange.importing.importer import bad_rows_path
from exchange.importing.preparing import prepare_import
from exchange.models import Release
from exchange.releases.agreement import FIGURES
from tests.flows.words import MARKDOWN, Words


def add_files(world: SimpleNamespace, words: Words, folder) -> None:
    """A draft import, one that ended with bad rows, and an export that is done."""
    project, name = world.project, words("file name")
    columns = ["query_id", "query", "candidate_id", "candidate", "human_grade", words("column")]
    quoted = [each.replace('"', '""') for each in columns]
    rows = [quoted, [words("cell").replace('"', '""')] * 6, ["q", "", "", "", "9", ""]]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{project.slug}.csv"
    path.write_text("".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows))
    choices = {"filename": name, "by": world.user, "rater": words("chosen rater")}
    world.import_draft = prepare_import(project, path, **choices)
    world.import_done = prepare_import(project, path, kind="pairs", **choices)
    bad = BadRows(bad_rows_path(world.import_done), columns={})
    bad.add(2, words("bad column"), words("bad reason"))
    bad.close()
    result = {"kind": "pairs", "n_rows": 2, "n_bad": 1, "bad_rows": bad.as_result(), "stored": False}
    Job.objects.filter(pk=world.import_done.pk).update(
        state=Job.State.FAILED, error=words("import error"), result=result
    )
    world.export = Job.objects.create(
        project=project,
        kind=Job.Kind.EXPORT,
        state=Job.State.DONE,
        params={"what": "both", "file_format": "qrels", "judge": world.judge.pk, "out": ""},
        result={"filename": words("export file name"), "n_rows": 1, "n_bytes": 1, "seconds": 1.0},
        created_by=world.user,
    )
    _release(world, words)


def _release(world: SimpleNamespace, words: Words) -> None:
    """A release that is made, without the files."""
    project = world.project
    made = {"project": project, "kind": Job.Kind.RELEASE, "state": Job.State.DONE}
    job = Job.objects.create(**made, created_by=world.user)
    figures = {name: [0.5, 0.4, 0.6] for name in FIGURES}
    judge = {
        "used_for": "verdicts and scores", "name": words("released judge"), "version": 1, "options": {},
        "model": words("released model"), "scoring": "-", "prompt": words("released prompt"),
        "prompt_hash": words("released hash"), "scores": "score", "runs": [[1, None]],
    }  # fmt: skip
    world.release = Release.objects.create(
        project=project,
        name=words("release")[:100],
        job=job,
        plan=Plan(source="both", judge=world.judge.pk, formats=("triplet",)).as_json(),
        licence=words("licence") + "\n\n" + MARKDOWN.format(words=words("licence link")),
        facts={
            "project": {"slug": project.slug, "name": words("released project")},
            "rubric": {"name": words("released rubric"), "grades": project.rubric.grades, "cut": 2},
            "reference_rule": words("released rule"),
            "guidelines": {"current": 1, "of_labels": [[1, 2]]},
            "item_set": words("released set"),
            "criteria": "",
            "judges": [judge],
            "keeps_test": False,
            "choices": {"negatives": 4, "margin": "score", "tag": "t", "seed": 0},
            "editions": {"triplet": 1},
            "agreement": {"people": None, "judge": {"n": 1, "n_graded": 1, "n_queries": 1} | figures},
            "tally": {"queries": {"train": 1}, "rows": [["train", "positive", "people", 1]]},
            "missed": {"triplet": {words("released reason"): 1}},
        },
        files=[{"path": "README.md", "format": "papers", "n_rows": 1, "n_bytes": 1, "sha256": "0" * 64}],
        made_at=timezone.now(),
        made_by=world.user,
    )
