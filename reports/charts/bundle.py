"""Vega for the browser: the script that vl-convert carries, found like any other static file.

`collectstatic` takes it in once, so that it gets a content hash in its name, is compressed, and is served
with far-future caching by the same server as everything else.
"""

import json
from importlib.metadata import version

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

NAME = "vega.js"


class VegaFinder(BaseFinder):
    """Finds `vega.js`, made on first use in a folder under CONCORD_VAR, one for each vl-convert version."""

    def find(self, path: str, find_all: bool = False, **kwargs):
        if path != NAME:
            return []
        found = self._storage().path(NAME)
        return [found] if find_all else found

    def list(self, ignore_patterns):
        yield NAME, self._storage()

    def _storage(self) -> FileSystemStorage:
        folder = settings.VAR / "vega" / version("vl-convert-python")
        if not (folder / NAME).is_file():
            folder.mkdir(parents=True, exist_ok=True)
            fresh = folder / f"{NAME}.new"
            fresh.write_text(_bundle(), encoding="utf-8")
            fresh.rename(folder / NAME)
        return FileSystemStorage(location=folder)


def _bundle() -> str:
    """Vega, Vega-Lite and vega-embed with the expression interpreter, as `window.vegaEmbed`."""
    import vl_convert

    # In a block of its own: the bundle's top-level names stay out of the page.
    script = vl_convert.javascript_bundle()
    return f"/* {json.dumps({'vl-convert': version('vl-convert-python')})} */\n{{\n{script}\n}}\n"
