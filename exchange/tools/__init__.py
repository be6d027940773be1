"""Files for labelling tools: one module each, what is common to them in `source` and `file`."""
