"""Taking an import back, as long as nothing was built on it."""

from django.db import connection, transaction

from annotate.references import lock_references, refresh_references_in
from corpus.audit import record
from corpus.models import Job, Project
from corpus.models.audit import Verb
from corpus.proven_keys import skip_proven_foreign_keys
from exchange.importing.copying import lock_project

# Item sets of the rounds that came with labels (importing.rounds), and of variants (importing.variants).
OWN_ITEM_SETS = (
    "SELECT id FROM corpus_itemset WHERE project_id = %(project)s"
    " AND made_from->>'rule' IN ('import', 'attacks') AND made_from->>'job' = %(job)s::text"
)

# What others have built on rows of job %(job)s: each query counts it, the words say it.
BUILT_ON = {
    ("label on its items", "labels on its items"): """
        SELECT count(*) FROM annotate_label l JOIN corpus_item i ON i.id = l.item_id
        WHERE i.job_id = %(job)s AND l.job_id IS DISTINCT FROM %(job)s""",
    ("adjudicated item or label", "adjudicated items or labels"): """
        SELECT count(*) FROM annotate_adjudication d JOIN corpus_item i ON i.id = d.item_id
        JOIN corpus_query q ON q.id = i.query_id JOIN corpus_candidate c ON c.id = i.candidate_id
        WHERE d.superseded_at IS NULL AND q.project_id = %(project)s AND (
        i.job_id = %(job)s OR q.text_job_id = %(job)s OR q.need_job_id = %(job)s OR c.text_job_id = %(job)s
        OR EXISTS (SELECT FROM annotate_label l WHERE l.item_id = i.id AND l.job_id = %(job)s))""",
    ("verdict on its items", "verdicts on its items"): """
        SELECT count(*) FROM judges_run r JOIN judges_judge j ON j.id = r.judge_id
        JOIN judges_verdict v ON v.run_id = r.id JOIN corpus_item i ON i.id = v.item_id
        WHERE j.project_id = %(project)s AND r.job_id <> %(job)s AND i.job_id = %(job)s""",
    ("entry of an item set", "entries of item sets"): f"""
        SELECT count(*) FROM corpus_itemsetentry e JOIN corpus_item i ON i.id = e.item_id
        WHERE i.job_id = %(job)s AND e.item_set_id NOT IN ({OWN_ITEM_SETS})""",
    ("variant of its items", "variants of its items"): """
        SELECT count(*) FROM corpus_variant w JOIN corpus_item o ON o.id = w.original_id
        JOIN corpus_item i ON i.id = w.item_id WHERE o.job_id = %(job)s
        AND i.job_id IS DISTINCT FROM %(job)s AND w.job_id IS DISTINCT FROM %(job)s""",
    ("item that others have as a variant", "items that others have as variants"): """
        SELECT count(*) FROM corpus_variant w JOIN corpus_item i ON i.id = w.item_id
        WHERE i.job_id = %(job)s AND w.job_id IS DISTINCT FROM %(job)s""",
    ("use of its variants", "uses of its variants"): """
        SELECT (SELECT count(*) FROM corpus_variant w JOIN corpus_item i ON i.id = w.item_id
        JOIN annotate_label l ON l.item_id = i.id WHERE w.job_id = %(job)s
        AND i.job_id IS DISTINCT FROM %(job)s AND l.job_id IS DISTINCT FROM %(job)s)
        + (SELECT count(*) FROM judges_run r JOIN judges_judge j ON j.id = r.judge_id
        JOIN judges_verdict v ON v.run_id = r.id JOIN corpus_variant w ON w.item_id = v.item_id
        JOIN corpus_item i ON i.id = w.item_id WHERE j.project_id = %(project)s AND r.job_id <> %(job)s
        AND w.job_id = %(job)s AND i.job_id IS DISTINCT FROM %(job)s)""",
    ("gold item of a round", "gold items of rounds"): """
        SELECT count(*) FROM annotate_golditem g JOIN corpus_item i ON i.id = g.item_id
        WHERE i.job_id = %(job)s""",
    ("run over its item sets", "runs over its item sets"): f"""
        SELECT count(*) FROM judges_run WHERE item_set_id IN ({OWN_ITEM_SETS})""",
    ("experiment over its item sets", "experiments over its item sets"): f"""
        SELECT count(*) FROM judges_experiment WHERE item_set_id IN ({OWN_ITEM_SETS})""",
    ("schedule over its item sets", "schedules over its item sets"): f"""
        SELECT count(*) FROM judges_schedule WHERE item_set_id IN ({OWN_ITEM_SETS})""",
    ("jury with one of its judges", "juries with its judges"): """
        SELECT count(DISTINCT m.from_judge_id) FROM judges_judge_members m
        JOIN judges_run r ON r.judge_id = m.to_judge_id WHERE r.job_id = %(job)s""",
    ("round over its item sets", "rounds over its item sets"): f"""
        SELECT count(*) FROM annotate_round r WHERE r.item_set_id IN ({OWN_ITEM_SETS}) AND (
        EXISTS (SELECT FROM annotate_slot s WHERE s.round_id = r.id) OR NOT EXISTS
        (SELECT FROM annotate_label l WHERE l.round_id = r.id AND l.job_id = %(job)s))""",
    ("item of other imports", "items of other imports"): """
        SELECT count(*) FROM corpus_item i JOIN corpus_query q ON q.id = i.query_id
        JOIN corpus_candidate c ON c.id = i.candidate_id
        WHERE q.project_id = %(project)s AND i.job_id IS DISTINCT FROM %(job)s
        AND i.rival_id IS NULL AND (q.job_id = %(job)s OR c.job_id = %(job)s)""",
    ("pair of its candidates", "pairs of its candidates"): """
        SELECT count(DISTINCT i.id) FROM corpus_item i JOIN corpus_query q ON q.id = i.query_id
        JOIN corpus_candidate c ON c.id IN (i.candidate_id, i.rival_id)
        WHERE q.project_id = %(project)s AND i.rival_id IS NOT NULL AND i.job_id IS DISTINCT FROM %(job)s
        AND (q.job_id = %(job)s OR c.job_id = %(job)s)""",
    ("text that another import brought", "texts that other imports brought"): """
        SELECT (SELECT count(*) FROM corpus_query WHERE project_id = %(project)s AND job_id = %(job)s
        AND (text_job_id <> %(job)s OR need_job_id <> %(job)s))
        + (SELECT count(*) FROM corpus_candidate WHERE project_id = %(project)s AND job_id = %(job)s
        AND text_job_id <> %(job)s)""",
    ("verdict that read its texts", "verdicts that read its texts"): """
        SELECT count(*) FROM judges_run r JOIN judges_judge j ON j.id = r.judge_id
        JOIN judges_verdict v ON v.run_id = r.id JOIN corpus_item i ON i.id = v.item_id
        JOIN corpus_query q ON q.id = i.query_id JOIN corpus_candidate c ON c.id = i.candidate_id
        WHERE j.project_id = %(project)s AND j.engine_id IS NOT NULL
        AND (q.text_job_id = %(job)s OR q.need_job_id = %(job)s OR c.text_job_id = %(job)s)""",
    ("label given after reading its texts", "labels given after reading its texts"): """
        SELECT count(*) FROM annotate_label l JOIN annotate_rater a ON a.id = l.rater_id
        JOIN corpus_item i ON i.id = l.item_id
        JOIN corpus_query q ON q.id = i.query_id JOIN corpus_candidate c ON c.id = i.candidate_id
        WHERE a.project_id = %(project)s AND l.job_id IS NULL
        AND (q.text_job_id = %(job)s OR q.need_job_id = %(job)s OR c.text_job_id = %(job)s)""",
    ("pool with its queries or candidates", "pools with its queries or candidates"): """
        SELECT count(*) FROM mining_pool p WHERE p.project_id = %(project)s AND EXISTS (
        SELECT FROM (SELECT pool_id, query_id, candidate_id FROM mining_poolhit
                     UNION ALL SELECT pool_id, query_id, candidate_id FROM mining_poolentry) h
        JOIN corpus_query q ON q.id = h.query_id JOIN corpus_candidate c ON c.id = h.candidate_id
        WHERE h.pool_id = p.id AND %(job)s IN (q.job_id, c.job_id, q.text_job_id, c.text_job_id))""",
    ("selection by its verdicts", "selections by its verdicts"): """
        SELECT count(*) FROM mining_selection s JOIN judges_run r ON r.id IN (s.run_id, s.second_run_id)
        WHERE r.job_id = %(job)s""",
    ("pool that is being made", "pools that are being made"): """
        SELECT count(*) FROM corpus_job WHERE project_id = %(project)s AND kind = 'mine'
        AND state NOT IN ('done', 'cancelled', 'failed')""",
    ("hit of other systems", "hits of other systems"): """
        SELECT count(*) FROM corpus_hit h JOIN corpus_system s ON s.id = h.system_id
        JOIN corpus_query q ON q.id = h.query_id JOIN corpus_candidate c ON c.id = h.candidate_id
        WHERE s.project_id = %(project)s AND s.job_id IS DISTINCT FROM %(job)s
        AND (q.job_id = %(job)s OR c.job_id = %(job)s)""",
}

# Children before parents; what others use too, stays.
DELETIONS = [
    # Verdicts, and the judges, prompts and conditions that were known by them alone
    """CREATE TEMPORARY TABLE undone_run ON COMMIT DROP AS
       SELECT r.id, r.condition_id, r.judge_id, j.prompt_id FROM judges_run r
       JOIN judges_judge j ON j.id = r.judge_id WHERE r.job_id = %(job)s""",
    """DELETE FROM judges_verdict v USING undone_run r WHERE r.id = v.run_id""",
    """DELETE FROM judges_run WHERE job_id = %(job)s""",
    """DELETE FROM judges_judge j WHERE id IN (SELECT judge_id FROM undone_run) AND engine_id IS NULL
       AND NOT EXISTS (SELECT FROM judges_run r WHERE r.judge_id = j.id)""",
    """DELETE FROM judges_prompt p WHERE id IN (SELECT prompt_id FROM undone_run)
       AND project_id = %(project)s AND messages = '[]'
       AND NOT EXISTS (SELECT FROM judges_judge j WHERE j.prompt_id = p.id)""",
    """DELETE FROM judges_condition c WHERE id IN (SELECT condition_id FROM undone_run)
       AND content_hash = '' AND content = '{}'
       AND NOT EXISTS (SELECT FROM judges_run r WHERE r.condition_id = c.id)""",
    # Hits
    """DELETE FROM corpus_hit h USING corpus_system s WHERE s.id = h.system_id AND s.job_id = %(job)s""",
    """DELETE FROM corpus_system WHERE job_id = %(job)s""",
    # Labels, with the rounds and raters that were known by them alone
    """CREATE TEMPORARY TABLE undone_label ON COMMIT DROP AS
       SELECT DISTINCT item_id, rater_id, round_id FROM annotate_label WHERE job_id = %(job)s""",
    """DELETE FROM annotate_label WHERE job_id = %(job)s""",
    f"""DELETE FROM annotate_participation p USING annotate_round r
        WHERE r.id = p.round_id AND r.item_set_id IN ({OWN_ITEM_SETS})""",
    f"""DELETE FROM annotate_round_people p USING annotate_round r
        WHERE r.id = p.round_id AND r.item_set_id IN ({OWN_ITEM_SETS})""",
    f"""DELETE FROM annotate_round WHERE item_set_id IN ({OWN_ITEM_SETS})""",
    f"""DELETE FROM corpus_itemsetentry WHERE item_set_id IN ({OWN_ITEM_SETS})""",
    f"""DELETE FROM corpus_itemset WHERE id IN ({OWN_ITEM_SETS})""",
    """DELETE FROM annotate_rater a WHERE id IN (SELECT rater_id FROM undone_label) AND user_id IS NULL
       AND NOT EXISTS (SELECT FROM annotate_label l WHERE l.rater_id = a.id)
       AND NOT EXISTS (SELECT FROM annotate_participation p WHERE p.rater_id = a.id)
       AND NOT EXISTS (SELECT FROM annotate_hold h WHERE h.rater_id = a.id)""",
    # What was made from its items' labels, and decisions that were taken back
    """DELETE FROM annotate_adjudication d USING corpus_item i
       WHERE i.id = d.item_id AND i.job_id = %(job)s""",
    """DELETE FROM annotate_consensus s USING corpus_item i WHERE i.id = s.item_id AND i.job_id = %(job)s""",
    # Variants, and the collection
    """DELETE FROM corpus_variant WHERE job_id = %(job)s""",
    """DELETE FROM corpus_reference r USING corpus_item i WHERE i.id = r.item_id AND i.job_id = %(job)s""",
    """DELETE FROM mining_candidatevector v USING corpus_candidate c
       WHERE c.id = v.candidate_id AND c.job_id = %(job)s""",
    """DELETE FROM mining_queryvector v USING corpus_query q
       WHERE q.id = v.query_id AND q.job_id = %(job)s""",
    """DELETE FROM corpus_item WHERE job_id = %(job)s""",
    """DELETE FROM corpus_candidate WHERE job_id = %(job)s""",
    """DELETE FROM corpus_query WHERE job_id = %(job)s""",
    """UPDATE corpus_candidate SET title = '', text = '', content_hash = NULL, metadata = NULL,
       text_job_id = NULL WHERE project_id = %(project)s AND text_job_id = %(job)s""",
    """UPDATE corpus_query SET text = '', text_job_id = NULL
       WHERE project_id = %(project)s AND text_job_id = %(job)s""",
    """UPDATE corpus_query SET need = '', need_job_id = NULL
       WHERE project_id = %(project)s AND need_job_id = %(job)s""",
    # The scale may be changed again once nothing uses it
    """UPDATE corpus_rubric u SET frozen_at = NULL WHERE project_id = %(project)s
       AND NOT EXISTS (SELECT FROM judges_judge j WHERE j.rubric_id = u.id)
       AND NOT EXISTS (SELECT FROM annotate_round r WHERE r.rubric_id = u.id AND r.state <> 'draft')
       AND NOT EXISTS (SELECT FROM annotate_label l JOIN annotate_rater a ON a.id = l.rater_id
                       WHERE a.project_id = %(project)s)""",
]


class BuiltOn(Exception):
    """Something was built on this import; the message says what and how many."""


@transaction.atomic
def undo_import(job: Job) -> None:
    """Take back everything the import brought. Raises BuiltOn, changing nothing, when that is in use.

    An import of which nothing is stored, or no longer, is left as it is. Foreign-key triggers are off where
    the database role may (they would read the big tables once per row); the counts of BUILT_ON have proven
    that nobody points at what goes.
    """
    project = Project.objects.get(pk=job.project_id)
    keys = {"job": job.pk, "project": project.pk}
    with connection.cursor() as cursor:
        lock_project(cursor, project.pk)
        job.refresh_from_db()
        if not job.result.get("stored"):
            return
        # People and judges reach items through item sets or as gold: while nobody makes one, nor a variant,
        # the counts hold.
        # Adjudicating needs no item set: it waits for the project's lock.
        lock_references(project.pk)
        cursor.execute("LOCK TABLE corpus_variant, corpus_itemsetentry, annotate_golditem IN SHARE MODE")
        uses = []
        for words, query in BUILT_ON.items():
            cursor.execute(query, keys)
            (n,) = cursor.fetchone()
            if n:
                uses.append(f"{n:,} {words[n != 1]}")
        if uses:
            verb = "depends" if len(uses) == 1 and uses[0].startswith("1 ") else "depend"
            raise BuiltOn(f"This import cannot be undone: {', '.join(uses)} {verb} on it.")
        skip_proven_foreign_keys(cursor)
        for statement in DELETIONS:
            cursor.execute(statement, keys)
        refresh_references_in(project, table="undone_label")
        cursor.execute(
            "UPDATE corpus_project SET reference_version = reference_version + 1 WHERE id = %s", [project.pk]
        )
        job.result = job.result | {"undone": True, "stored": False}
        job.note = "Undone."
        job.save(update_fields=["result", "note"])
        record(Verb.IMPORT_UNDONE, job, project=project, file=job.params.get("filename"))
