"""The colour tokens of the stylesheet, read from it: charts have no colours of their own."""

import re
from functools import cache
from math import cos, radians, sin

from django.conf import settings

N_RAMP_STEPS = 11
COLOUR = re.compile(r"oklch\(\s*([\d.]+)%\s+([\d.]+)\s+([\d.]+)\s*\)")
TOKEN = re.compile(r"(--[\w-]+):\s*light-dark\((oklch\([^)]*\)),\s*(oklch\([^)]*\))\)")
STEP = re.compile(r"\.ramp-(\d+)\s*\{[^}]*?--step:\s*light-dark\((oklch\([^)]*\)),\s*(oklch\([^)]*\))\)")
SCHEMES = ("light", "dark")


@cache
def tokens(scheme: str) -> dict[str, str]:
    """Token name (without dashes in front) to #rrggbb for "light" or "dark"; ramp-0 … ramp-10 among them.

    Only tokens that are written as light-dark(oklch(…), oklch(…)).
    """
    text = (settings.ROOT / "static" / "concord.css").read_text(encoding="utf-8")
    which = SCHEMES.index(scheme)
    found = {name[2:]: as_hex(pair[which]) for name, *pair in TOKEN.findall(text) if name != "--step"}
    return found | {f"ramp-{step}": as_hex(pair[which]) for step, *pair in STEP.findall(text)}


def ramp(scheme: str) -> list[str]:
    """The eleven steps of the grade ramp, pale to deep."""
    colours = tokens(scheme)
    return [colours[f"ramp-{step}"] for step in range(N_RAMP_STEPS)]


def as_hex(colour: str) -> str:
    """oklch(L% C h) as #rrggbb, cut off at the edge of sRGB (matrices of Ottosson 2020, "A perceptual
    color space for image processing")."""
    match = COLOUR.fullmatch(colour)
    if match is None:
        raise ValueError(f"“{colour}” is not written as oklch(L% C h).")
    lightness, chroma, hue = (float(part) for part in match.groups())
    lightness, a, b = lightness / 100, chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _gamma(part)):02x}" for part in linear)


def _gamma(linear: float) -> float:
    linear = min(max(linear, 0.0), 1.0)
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
