"""Conditions: what a judge is shown beside the plain prompt, and candidates made to bend it.

`attacks` and `boundary` change an item's texts; `wording`, `content` and `shown` change the prompt around
them.
"""
