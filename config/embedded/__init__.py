"""PostgreSQL, Valkey and child processes that live and die with Concord, all under CONCORD_VAR.

Nothing here imports Django: these services run before there are settings.
"""
