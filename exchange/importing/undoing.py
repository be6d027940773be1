"""Taking an import back, as long as nothing was built on it."""

from django.db import connection, transaction

from annotate.references import refresh_references_in
from corpus.models import Job, Project
from exchange.importing.copying import lock_project, skip_proven_foreign_keys

# What others have built on rows of job %(job)s: each query counts it, the words say it.
BUILT_ON = {
    "labels on its items": """
        SELECT count(*) FROM annotate_label l JOIN corpus_item i ON i.id = l.item_id
        WHERE i.job_id = %(job)s AND l.job_id IS DISTINCT FROM %(job)s""",
    "verdicts on its items": """
        SELECT count(*) FROM judges_verdict v JOIN judges_run r ON r.id = v.run_id
        JOIN corpus_item i ON i.id = v.item_id
        WHERE i.job_id = %(job)s AND r.job_id <> %(job)s AND r.judge_id IN
        (SELECT id FROM judges_judge WHERE project_id = %(project)s)""",
    "entries of item sets": """
        SELECT count(*) FROM corpus_itemsetentry e JOIN corpus_item i ON i.id = e.item_id
        WHERE i.job_id = %(job)s""",
    "items of other imports": """
        SELECT count(*) FROM corpus_item i JOIN corpus_query q ON q.id = i.query_id
        JOIN corpus_candidate c ON c.id = i.candidate_id
        WHERE q.project_id = %(project)s AND i.job_id IS DISTINCT FROM %(job)s
        AND (q.job_id = %(job)s OR c.job_id = %(job)s)""",
    "hits of other systems": """
        SELECT count(*) FROM corpus_hit h JOIN corpus_system s ON s.id = h.system_id
        JOIN corpus_query q ON q.id = h.query_id JOIN corpus_candidate c ON c.id = h.candidate_id
        WHERE s.project_id = %(project)s AND s.job_id IS DISTINCT FROM %(job)s
        AND (q.job_id = %(job)s OR c.job_id = %(job)s)""",
}

# Children before parents; what several imports brought together stays.
DELETIONS = [
    """DELETE FROM judges_verdict v USING judges_run r WHERE r.id = v.run_id AND r.job_id = %(job)s""",
    """DELETE FROM judges_run WHERE job_id = %(job)s""",
    """DELETE FROM judges_judge j WHERE project_id = %(project)s AND engine_id IS NULL
       AND NOT EXISTS (SELECT FROM judges_run r WHERE r.judge_id = j.id)""",
    """DELETE FROM judges_prompt p WHERE project_id = %(project)s AND messages = '[]'
       AND NOT EXISTS (SELECT FROM judges_judge j WHERE j.prompt_id = p.id)""",
    """DELETE FROM corpus_hit h USING corpus_system s WHERE s.id = h.system_id AND s.job_id = %(job)s""",
    """DELETE FROM corpus_system WHERE job_id = %(job)s""",
    """CREATE TEMPORARY TABLE unlabelled_item ON COMMIT DROP AS
       SELECT DISTINCT item_id FROM annotate_label WHERE job_id = %(job)s""",
    """DELETE FROM annotate_label WHERE job_id = %(job)s""",
    """DELETE FROM annotate_rater a WHERE project_id = %(project)s AND user_id IS NULL
       AND NOT EXISTS (SELECT FROM annotate_label l WHERE l.rater_id = a.id)""",
    """DELETE FROM corpus_reference r USING corpus_item i WHERE i.id = r.item_id AND i.job_id = %(job)s""",
    """DELETE FROM corpus_item WHERE job_id = %(job)s""",
    """DELETE FROM corpus_candidate WHERE job_id = %(job)s""",
    """DELETE FROM corpus_query WHERE job_id = %(job)s""",
    """UPDATE corpus_candidate SET title = '', text = '', content_hash = NULL, metadata = NULL,
       text_job_id = NULL WHERE text_job_id = %(job)s""",
    """UPDATE corpus_query SET text = '', need = '', text_job_id = NULL WHERE text_job_id = %(job)s""",
]


class BuiltOn(Exception):
    """Something was built on this import; the message says what and how many."""


@transaction.atomic
def undo_import(job: Job) -> None:
    """Take back everything the import brought. Raises BuiltOn, changing nothing, when that is in use.

    Foreign-key triggers are off where the database role may (they would read the big tables once per
    row); the counts above have proven that nobody points at what goes.
    """
    project = Project.objects.get(pk=job.project_id)
    keys = {"job": job.pk, "project": project.pk}
    with connection.cursor() as cursor:
        lock_project(cursor, project.pk)
        uses = []
        for words, query in BUILT_ON.items():
            cursor.execute(query, keys)
            (n,) = cursor.fetchone()
            if n:
                uses.append(f"{n:,} {words}")
        if uses:
            raise BuiltOn(f"This import cannot be undone: {', '.join(uses)} depend on it.")
        skip_proven_foreign_keys(cursor)
        for statement in DELETIONS:
            cursor.execute(statement, keys)
        refresh_references_in(project, table="unlabelled_item")
        cursor.execute(
            "UPDATE corpus_project SET reference_version = reference_version + 1 WHERE id = %s", [project.pk]
        )
        job.result = job.result | {"undone": True, "stored": False}
        job.note = "Undone."
        job.save(update_fields=["result", "note"])
