"""Judges under attacks: what each attack does to each judge, defences, and choosing by place."""
