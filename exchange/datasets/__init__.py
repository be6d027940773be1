"""Datasets: from grades to files that train and evaluate models.

`plan.Plan` says what is wanted; `reading` gives it as a long table, one query after the other, out of the
store; `frozen` keeps that table as Parquet and gives it again; `writers` turn a query's rows into the lines
of some format. Nothing here holds more than some thousand rows, or one query's where it has more.
"""
