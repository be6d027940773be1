"""Experiments: judges put under conditions and attacks, planned as a whole before anything starts."""
