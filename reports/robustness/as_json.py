"""A robustness report in the form in which it is cached: lists in the order of their fields, null for NaN."""

from typing import Any, NamedTuple

from measures.defences import PairedShares
from measures.estimates import Estimate
from measures.position import PositionBias
from measures.robustness import AttackFigures, Floor
from reports.figures import estimate_as_json, estimate_from_json
from reports.nulls import number
from reports.robustness.attacks import Attack, JudgeRobustness, Robustness
from reports.robustness.defending import Defence
from reports.robustness.position import JudgePosition


def as_json(of: Robustness) -> dict[str, Any]:
    return {
        "judges": [
            [
                *each[:5],
                [_attack(attack) for attack in each.doses],
                [_attack(attack) for attack in each.attacks],
                {name: estimate_as_json(mean) for name, mean in each.means.items()},
                _fields(each.floor),
            ]
            for each in of.judges
        ],
        "defences": [
            [
                *each[:5],
                _fields(each.gain),
                [[carrier, attack, _fields(gain)] for carrier, attack, gain in each.gains],
                _fields(each.price),
            ]
            for each in of.defences
        ],
        "positions": [[*each[:4], _fields(each.bias)] for each in of.positions],
        "carriers": of.carriers,
    }


def from_json(stored: dict[str, Any]) -> Robustness:
    """The inverse of `as_json`."""
    return Robustness(
        [
            JudgeRobustness(
                *names,
                [_attack_from(each) for each in doses],
                [_attack_from(each) for each in attacks],
                {name: estimate_from_json(mean) for name, mean in means.items()},
                Floor(*_read(floor)),
            )
            for *names, doses, attacks, means, floor in stored["judges"]
        ],
        [
            Defence(
                *names,
                PairedShares(*_read(gain)),
                [(carrier, attack, PairedShares(*_read(each))) for carrier, attack, each in gains],
                PairedShares(*_read(price)),
            )
            for *names, gain, gains, price in stored["defences"]
        ],
        [JudgePosition(*names, PositionBias(*_read(bias))) for *names, bias in stored["positions"]],
        stored["carriers"],
    )


def _attack(of: Attack) -> list[Any]:
    return [*of[:3], _fields(of.figures)]


def _attack_from(stored: list[Any]) -> Attack:
    *names, figures = stored
    return Attack(*names, AttackFigures(*_read(figures)))


def _fields(of: NamedTuple) -> list[Any]:
    return [estimate_as_json(each) if isinstance(each, Estimate) else each for each in of]


def _read(stored: list[Any]) -> list[Any]:
    return [estimate_from_json(each) if isinstance(each, list) else number(each) for each in stored]
