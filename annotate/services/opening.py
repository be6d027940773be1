"""Opening a round: a slot for each item, in the round's order; a large one is a job with progress."""

from collections.abc import Callable

from django.db import connection, transaction
from django.utils import timezone

from annotate.models import GoldItem, Round
from annotate.services.rounds import RoundRefused, lock_round
from corpus.audit import record
from corpus.jobs import JobFailed, Progress, do_exclusively, enqueue
from corpus.models import Item, ItemSetEntry, Job, Rubric, User
from corpus.models.audit import Verb
from corpus.proven_keys import check_again, skip_while_unshared
from corpus.services import freeze_rubric

LARGE = 50_000  # items; more than these are a job's work
CHUNK = 100_000
LEAST_WEIGHT = 0.001  # of the highest priority: every item keeps a chance

# Drawn by lot without replacement, with chances in proportion to priority: the order of u^(1/w), or of
# −ln(u)/w, with u uniform (Efraimidis & Spirakis 2006). `chance` is that of the item in its own turn, among
# those not drawn before it, which is what estimates are weighted by (Kossen et al. 2021).
PLACES = {
    Round.Order.QUERY: "SELECT entry.position, item_id, NULL::float8 AS chance FROM entry",
    Round.Order.RANDOM: """
        SELECT row_number() OVER (ORDER BY hashint8extended(item_id, %(seed)s), item_id) - 1 AS position,
               item_id, NULL::float8 AS chance
        FROM entry""",
    Round.Order.PRIORITY: f"""
        SELECT row_number() OVER turn - 1 AS position, item_id,
               weight / sum(weight) OVER (turn ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS chance
        FROM (
            SELECT item_id, weight,
                   -ln(((hashint8extended(item_id, %(seed)s) & 9007199254740991) + 0.5) / 9007199254740992)
                       / weight AS waits
            FROM (
                SELECT item_id, greatest(priority, {LEAST_WEIGHT} * max(priority) OVER ()) AS weight
                FROM entry
            ) weighted
        ) waiting
        WINDOW turn AS (ORDER BY waits, item_id)""",
}
# Where there are gold items, rows are stored in a shuffled order: a slot's number must not give them away.
OPENING = """
    CREATE TEMPORARY TABLE opening ON COMMIT DROP AS
    WITH entry AS (
        SELECT position, item_id, priority FROM corpus_itemsetentry
        WHERE item_set_id = %(item_set)s
          AND item_id NOT IN (SELECT item_id FROM annotate_golditem WHERE round_id = %(round)s)
    ),
    placed AS ({places}),
    every AS (
        SELECT position, item_id, chance, NULL::smallint AS gold_grade FROM placed
        UNION ALL SELECT -1, item_id, NULL, grade FROM annotate_golditem WHERE round_id = %(round)s
    )
    SELECT row_number() OVER (ORDER BY {stored_by}) AS row, every.* FROM every"""


def start_opening(round: Round, *, by: User | None = None) -> Job | None:
    """Open the draft now, or by a job where it is large; returns the job. Raises RoundRefused."""
    if round.item_set.n_items <= LARGE:
        open_round(round, by=by)
        return None
    with transaction.atomic():
        round = lock_round(round, allowed=Round.State.DRAFT, verb="open")
        if openings(round).unfinished().exists():
            raise RoundRefused(f"“{round}” is being opened already.")
        _check(round)
        job = Job.objects.create(
            project=round.project,
            kind=Job.Kind.OPEN_ROUND,
            params={"round": round.pk},
            unit="items",
            n_total=round.item_set.n_items,
            created_by=by,
        )
        enqueue(job)
    return job


def openings(round: Round):
    """The jobs that opened this round or tried to."""
    return Job.objects.filter(project=round.project_id, kind=Job.Kind.OPEN_ROUND, params__round=round.pk)


def run_opening(job_id: int) -> Job | None:
    """Do the job, if it still has work."""
    return do_exclusively(job_id, _work)


def _work(job: Job, progress: Progress) -> dict:
    round = Round.objects.select_related("item_set", "rubric").get(pk=job.params["round"])
    progress.update(n_total=round.item_set.n_items, note="Drawing the order")
    result = {"round": round.pk}

    def report(n_done: int) -> None:
        progress.update(n_done=n_done, note="Placing the items")

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            round = lock_round(round, allowed=Round.State.DRAFT, verb="open")
            _open(
                round, by=job.created_by, report=lambda n_done: progress.update(n_done=n_done, note="Placing")
            )
            progress.finish_within(cursor, result=result)
    except RoundRefused as reason:
        raise JobFailed(str(reason)) from reason
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE annotate_slot")
    return result


@transaction.atomic
def open_round(round: Round, *, by: User | None = None) -> Round:
    """Open a draft: make a slot for each item and freeze the rubric. Raises RoundRefused."""
    round = lock_round(round, allowed=Round.State.DRAFT, verb="open")
    return _open(round, by=by, report=lambda n_done: None)


def _open(round: Round, *, by: User | None, report: Callable[[int], None]) -> Round:
    _check(round)
    _check_gold(round, round.rubric)
    round.n_items = _make_slots(round, report=report)
    if round.n_items == 0:
        raise RoundRefused(f"Every item of “{round}” is a gold item; nothing is left to label.")
    freeze_rubric(round.rubric)
    round.state, round.opened_at, round.opened_by = Round.State.OPEN, timezone.now(), by
    round.save(update_fields=["state", "opened_at", "opened_by", "n_items"])
    record(Verb.ROUND_OPENED, round, project=round.project, by=by, n_items=round.n_items)
    return round


def _check(round: Round) -> None:
    if not round.item_set.n_items:
        raise RoundRefused(f"“{round}” has no items to label; choose another item set.")
    if round.item_set.of_pairs != round.rubric.compares:
        raise RoundRefused(
            f"“{round}” compares two candidates and needs an item set of pairs."
            if round.rubric.compares
            else f"The items of “{round.item_set}” are pairs, and “{round.rubric}” grades one candidate."
        )
    if round.order == Round.Order.PRIORITY and not has_priorities(round.item_set_id):
        raise RoundRefused(f"The items of “{round.item_set}” have no priorities; choose another order.")


def has_priorities(item_set_id: int) -> bool:
    """Whether an item of the set has a priority above zero."""
    return ItemSetEntry.objects.filter(item_set=item_set_id, priority__gt=0).exists()


def _check_gold(round: Round, rubric: Rubric) -> None:
    gold = GoldItem.objects.filter(round=round)
    if round.gold_share and not gold.exists():
        raise RoundRefused(f"“{round}” has no gold items to mix in.")
    if gold.exclude(grade__in=rubric.values).exists():
        raise RoundRefused(f"A gold item of “{round}” has a grade that its scale does not have.")
    if gold.exclude(item__in=Item.objects.for_project(round.project)).exists():
        raise RoundRefused(f"A gold item of “{round}” is not an item of this project.")


def _make_slots(round: Round, *, report: Callable[[int], None]) -> int:
    """Place every item; returns how many count. Keys come from rows read here, under the project's lock."""
    has_gold = GoldItem.objects.filter(round=round).exists()
    names = {"round": round.pk, "item_set": round.item_set_id, "seed": round.seed}
    stored_by = "hashint8extended(item_id, %(seed)s)" if has_gold else "position"
    with connection.cursor() as cursor:
        skipping = skip_while_unshared(cursor, round.project_id)
        cursor.execute(OPENING.format(places=PLACES[round.order], stored_by=stored_by), names)
        n_rows = cursor.rowcount
        if n_rows > CHUNK:
            cursor.execute("CREATE INDEX ON opening (row)")
        for first in range(1, n_rows + 1, CHUNK):
            cursor.execute(
                "INSERT INTO annotate_slot (round_id, item_id, position, places_left, chance, gold_grade)"
                " SELECT %(round)s, item_id, position,"
                " CASE WHEN gold_grade IS NULL THEN %(overlap)s ELSE 0 END, chance, gold_grade"
                " FROM opening WHERE row >= %(first)s AND row < %(first)s + %(chunk)s"
                " ORDER BY row",
                names | {"overlap": round.overlap, "first": first, "chunk": CHUNK},
            )
            report(min(first + CHUNK - 1, n_rows))
        cursor.execute("SELECT count(*) FROM opening WHERE gold_grade IS NULL")
        (n_items,) = cursor.fetchone()
        cursor.execute("DROP TABLE opening")
        if skipping:
            check_again(cursor)
    return n_items
