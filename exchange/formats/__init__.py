"""Files in: what a query, a candidate, a grade or a hit looks like outside Concord, and how it is read.

Two calls are enough. `sniffing.sniff(path)` says what a file is and how its first rows will be stored;
`reading.read_rows(path, sniffed)` streams them, good rows and bad ones, in flat memory.
Nothing here knows Django, a project or a rubric: whether a grade fits is for the caller to say.
"""
