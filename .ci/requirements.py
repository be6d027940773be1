"""Print what .venv gets: all that pyproject.toml names but the GPU server. For pip's -r."""

import pathlib
import tomllib

project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
print("\n".join([*project["dependencies"], *extras["local"], *extras["dev"]]))
