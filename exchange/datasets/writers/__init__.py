"""Datasets out: one file a format. `formats.FORMATS` lists them; nothing here knows Django or a project."""
