"""Print what pyproject.toml names, with the extras given as arguments. For pip's -r."""

import itertools
import pathlib
import sys
import tomllib

project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
chosen = [project["optional-dependencies"][extra] for extra in sys.argv[1:]]
print("\n".join([*project["dependencies"], *itertools.chain(*chosen)]))
