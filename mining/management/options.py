"""What `manage.py mine` can be told, and what it makes of it."""

from argparse import _SubParsersAction

from django.core.management.base import CommandError, CommandParser

from corpus.models import Project
from judges.models import Engine
from judges.services.engines import EMBEDDING_ENGINE, offer_embedding_engine
from mining.pool_settings import Dense, Fusion, PoolSettings
from mining.rules import Flagged, Margin, Rule, rule_of
from mining.sampling import Sampling, Way, sampling_of


def add_acts(acts: _SubParsersAction) -> None:
    """One parser for each thing that the command does."""
    pool = acts.add_parser("pool", help="make a pool, or go on with one of this name")
    pool.add_argument("--name", required=True)
    defaults = PoolSettings()
    pool.add_argument("--bm25", type=int, default=defaults.bm25, help="hits for each query; 0 for none")
    pool.add_argument(
        "--dense",
        metavar="ENGINE",
        help=f"embeddings of this engine ({EMBEDDING_ENGINE}: the small model that ships)",
    )
    pool.add_argument("--dense-depth", type=int, default=Dense(0).depth)
    pool.add_argument("--query-prefix", default="", help="what the model wants before queries")
    pool.add_argument("--candidate-prefix", default="")
    pool.add_argument("--systems", nargs="*", default=[], help="names of run files, or the word all")
    pool.add_argument("--system-depth", type=int, default=defaults.system_depth)
    pool.add_argument("--random", type=int, default=defaults.random, help="candidates drawn by chance")
    pool.add_argument("--budget", type=int, default=defaults.budget, help="judged candidates a query")
    pool.add_argument("--fusion", choices=[str(each) for each in Fusion], default=str(Fusion.RRF))
    pool.add_argument("--cut", type=int, help="grade from which a candidate is a positive")
    pool.add_argument("--split", choices=("tune", "test"))
    pool.add_argument("--all-queries", action="store_true", help="also those without a positive")
    pool.add_argument("--seed", type=int, default=0)
    judge = acts.add_parser("judge", help="run a judge over a pool")
    judge.add_argument("pool")
    judge.add_argument("--judge", required=True)
    judge.add_argument("--again", action="store_true", help="another run where one is done already")
    select = acts.add_parser("select", help="what a rule makes of a pool; with --name, frozen")
    select.add_argument("pool")
    _add_rule(select)
    for act in ("second", "people", "check"):
        parser = acts.add_parser(act)
        parser.add_argument("selection")
        if act == "second":
            parser.add_argument("--judge", required=True)
            parser.add_argument("--again", action="store_true", help="another run where one is done already")
        if act == "people":
            parser.add_argument("--overlap", type=int, default=1)
        if act == "check":
            parser.add_argument("-n", type=int, default=200, dest="n")
            parser.add_argument("--seed", type=int, default=0)
            parser.add_argument("--everything", action="store_true", help="not only picked negatives")
    acts.add_parser("show")
    for act in acts.choices.values():
        act.add_argument("--json", action="store_true", dest="as_json", help="print JSON on stdout")


def _add_rule(parser: CommandParser) -> None:
    parser.add_argument("--name", help="freeze it under this name; without one nothing is stored")
    parser.add_argument("--dry", action="store_true", help="only count, though there is a name")
    parser.add_argument("--judge", help="whose newest run over the pool speaks (default: the newest of all)")
    parser.add_argument("--run", type=int, help="the number of a run instead")
    parser.add_argument("--margin", choices=[str(each) for each in Margin], default=str(Margin.DIFFERENCE))
    parser.add_argument("--amount", type=float, default=0.01, help="β, the share of s⁺, or the fixed cut")
    parser.add_argument("--band", type=float, default=0.0, help="ambiguous on both sides of the cut")
    parser.add_argument("--mass-floor", type=float, default=0.0)
    parser.add_argument("--gate", type=float, help="least score of a positive; else its query goes to people")
    parser.add_argument("--floor", type=float, help="least score of a hard negative")
    parser.add_argument("--floor-share", type=float, help="or the lowest share of its query that is easy")
    parser.add_argument("--relabel", action="store_true", help="flagged ones are positives on its word")
    parser.add_argument("--second", help="the judge that confirms or clears flagged ones")
    parser.add_argument("--second-margin", choices=[str(each) for each in Margin])
    parser.add_argument("--second-amount", type=float)
    parser.add_argument("--take", choices=[str(each) for each in Way], default=str(Way.STRIDE))
    parser.add_argument("-k", type=int, default=Sampling().k, dest="k", help="negatives of each query")
    parser.add_argument("--step", type=int, default=Sampling().step)
    parser.add_argument("--trade", type=float, default=Sampling().trade)
    parser.add_argument("--random-negatives", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)


def read_settings(project: Project, **options) -> PoolSettings:
    dense = None
    if options["dense"]:
        engine = Engine.objects.filter(name=options["dense"]).first()
        if engine is None and options["dense"] == EMBEDDING_ENGINE:
            engine = offer_embedding_engine()
        if engine is None:
            raise CommandError(f"There is no engine called “{options['dense']}”; see `engine list`.")
        dense = Dense(engine.pk, options["dense_depth"], options["query_prefix"], options["candidate_prefix"])
    systems = dict(project.systems.values_list("name", "pk"))
    wanted = list(systems) if options["systems"] == ["all"] else options["systems"]
    if unknown := [name for name in wanted if name not in systems]:
        raise CommandError(f"There is no run file called {', '.join(unknown)} in this project.")
    return PoolSettings(
        bm25=options["bm25"],
        dense=dense,
        systems=tuple(systems[name] for name in wanted),
        system_depth=options["system_depth"],
        random=options["random"],
        budget=options["budget"],
        fusion=Fusion(options["fusion"]),
        cut=project.rubric.cut if options["cut"] is None else options["cut"],
        split=options["split"],
        with_positives_only=not options["all_queries"],
        seed=options["seed"],
    )


def read_rule(**options) -> Rule:
    share = options["floor_share"]
    return rule_of(
        Rule(
            margin=Margin(options["margin"]),
            amount=options["amount"],
            band=options["band"],
            mass_floor=options["mass_floor"],
            gate=options["gate"],
            floor=options["floor"] if share is None else share,
            floor_is_share=share is not None,
            flagged=Flagged.RELABEL if options["relabel"] else Flagged.ASIDE,
        ).as_json()
    )


def read_sampling(**options) -> Sampling:
    return sampling_of(
        Sampling(
            way=Way(options["take"]),
            k=options["k"],
            step=options["step"],
            trade=options["trade"],
            n_random=options["random_negatives"],
            seed=options["seed"],
        ).as_json()
    )
