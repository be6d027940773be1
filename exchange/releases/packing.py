"""A release as one zip, made while it is sent: nothing is stored twice, and memory stays flat."""

import io
from collections.abc import Iterator
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from exchange.models import Release

BLOCK_BYTES = 1 << 18
LEVEL = 3
PACKED = (".parquet",)  # compressed already


class _Pipe(io.RawIOBase):
    """Takes what the zip writes and gives it away a block at a time."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        self._held += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._held)
        self._held.clear()
        return data


def zip_of(release: Release) -> Iterator[bytes]:
    """The zip's bytes: a folder named as the release, its files in order, all dated the day it was made."""
    pipe = _Pipe()
    moment = release.made_at.timetuple()[:6]
    with ZipFile(pipe, "w", allowZip64=True) as archive:
        for file in sorted(release.files, key=lambda file: file["path"]):
            info = ZipInfo(f"{folder_name(release)}/{file['path']}", date_time=moment)
            info.compress_type = ZIP_STORED if file["path"].endswith(PACKED) else ZIP_DEFLATED
            info._compresslevel = LEVEL
            info.external_attr = 0o644 << 16
            info.file_size = file["n_bytes"]
            with (release.folder / file["path"]).open("rb") as source, archive.open(info, "w") as target:
                while data := source.read(BLOCK_BYTES):
                    target.write(data)
                    yield pipe.take()
    yield pipe.take()


def folder_name(release: Release) -> str:
    """The project and the release as a file name that every system takes."""
    name = "".join(
        sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "-" for sign in release.name
    )
    return f"{release.project.slug}-{name.strip('-.') or 'release'}-v{release.version}"
