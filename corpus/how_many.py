"""Numbers with what they count, in sentences that the code puts together."""


def how_many(n: int, one: str, many: str = "") -> str:
    """“1 row”, “1,200 rows”; the plural that is not `one` and an s is said."""
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"
