"""A file on its way in: written to its place while it arrives, never held in memory, never over the limit."""

import os
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat

LONGEST_NAME = 200
FORM_BYTES = 64 * 1024  # what a form with its tokens and boundaries adds to the file


class StoredUpload(UploadedFile):
    """A file that lies at `path`; `name` is what the user calls it, for showing only."""

    def __init__(self, path: Path, *, name: str, size: int) -> None:
        super().__init__(name=name, size=size)
        self.path = path


class UploadHandler(FileUploadHandler):
    """Writes the field “file” to settings.FILES/imports/ under a name of its own.

    `problem` says why it stopped early. What nobody has kept is deleted by `drop_unless_kept`.
    """

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.problem = ""
        self._path: Path | None = None
        self._file = None
        self._n_bytes = 0
        self._is_kept = False

    def new_file(self, field_name, file_name, *args, **kwargs) -> None:
        super().new_file(field_name, file_name, *args, **kwargs)
        if field_name != "file" or self._path is not None:
            raise SkipFile
        folder = settings.FILES / "imports"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / f"{uuid4().hex}.upload"
        self._file = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._n_bytes += len(raw_data)
        if self._n_bytes > settings.UPLOAD_LIMIT:
            self.problem = too_large()
            raise StopUpload(connection_reset=True)
        try:
            self._file.write(raw_data)
        except OSError as error:
            self.problem = f"The server could not keep the file ({error.strerror}). Nothing was stored."
            raise StopUpload(connection_reset=True) from error

    def file_complete(self, file_size: int) -> StoredUpload:
        self._file.close()
        return StoredUpload(self._path, name=self.file_name[-LONGEST_NAME:], size=file_size)

    def keep(self) -> None:
        self._is_kept = True

    def drop_unless_kept(self) -> None:
        if self._file is not None:
            self._file.close()
        if self._path is not None and not self._is_kept:
            self._path.unlink(missing_ok=True)


def announces_too_much(request: HttpRequest) -> bool:
    """Whether the request's length is over the limit already, before a byte of it was read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return length.isdigit() and int(length) > settings.UPLOAD_LIMIT + FORM_BYTES


def too_large() -> str:
    limit = filesizeformat(settings.UPLOAD_LIMIT).replace("\xa0", " ")
    return (
        f"The file is larger than {limit}, the most that can be uploaded here. Pack it with gzip, split it,"
        " or import it on the server: manage.py import."
    )
