"""`make bench`: each part prints its figures as ratios to a bare baseline of the same run.

python -m bench [PART ...] [--rows 1000000]
"""

import argparse
import tempfile
from pathlib import Path

from bench import agreement, compliance, exporting, importing, judging, labelling, mining, pages, releases
from bench.house import House

PARTS = {
    "importing": importing.measure,
    "exporting": exporting.measure,
    "releases": releases.measure,
    "agreement": agreement.measure,
    "labelling": labelling.measure,
    "judging": judging.measure,
    "pages": pages.measure,
    "compliance": compliance.measure,
    "mining": mining.measure,
}


ALONE = {"judging", "pages", "compliance", "mining"}
"""Parts that make a project of their own."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all, in this order")
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="concord-bench-") as folder:
        Path(folder).chmod(0o711)
        with House(Path(folder) / "var") as house:
            for name, measure in PARTS.items():
                is_needed = name == "importing" and set(options.parts) - ALONE
                if not options.parts or name in options.parts or is_needed:
                    rows = "" if name in ("judging", "compliance", "mining") else f" ({options.rows:,} rows)"
                    print(f"\n{name.capitalize()}{rows}", flush=True)
                    measure(house, options.rows)


if __name__ == "__main__":
    main()
