"""Where Concord keeps what it makes: one folder, CONCORD_VAR, and its sub-folders.

Only the owner can enter a sub-folder (mode 0700). CONCORD_VAR itself is made with the same mode, except by
root: then it is 0711, so that the unprivileged user that PostgreSQL runs as can pass through it. A
CONCORD_VAR that already exists keeps its mode, whatever it is.
"""

import base64
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.embedded.problems import ServiceProblem

REPOSITORY = Path(__file__).resolve().parents[2]

# The longest path of a Unix socket is 107 bytes on Linux and 103 on macOS.
LONGEST_SOCKET_PATH = 103


def concord_var() -> Path:
    """The folder named by CONCORD_VAR, or var/ beside manage.py; absolute, not necessarily there yet."""
    return Path(os.environ.get("CONCORD_VAR") or REPOSITORY / "var").expanduser().absolute()


def secret(name: str) -> str:
    """The secret of that name of the current CONCORD_VAR; see `Folders.secret`."""
    return Folders(concord_var()).secret(name)


@dataclass(frozen=True)
class Folders:
    """The sub-folders of one CONCORD_VAR; each is made when first asked for."""

    var: Path

    @property
    def postgres(self) -> Path:
        return self.sub_folder("postgres")

    @property
    def valkey(self) -> Path:
        return self.sub_folder("valkey")

    @property
    def run(self) -> Path:
        """Locks and pid files."""
        return self.sub_folder("run")

    @property
    def logs(self) -> Path:
        return self.sub_folder("logs")

    @property
    def models(self) -> Path:
        return self.sub_folder("models")

    @property
    def files(self) -> Path:
        """Uploads, exports and releases."""
        return self.sub_folder("files")

    @property
    def secrets(self) -> Path:
        return self.sub_folder("secrets")

    def sub_folder(self, name: str) -> Path:
        """CONCORD_VAR/name, made with mode 0700; ServiceProblem when it cannot be made or entered."""
        folder = self.var / name
        try:
            if not folder.is_dir():
                self._make_var()
                folder.mkdir(mode=0o700, exist_ok=True)
                self.give_to_owner(folder)
        except OSError as error:
            raise ServiceProblem(
                f"Concord cannot use the folder {folder} ({error.strerror}). "
                "Run as the user who owns it, or set CONCORD_VAR to a folder of your own."
            ) from error
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise ServiceProblem(
                f"Concord may not write in {folder}, which belongs to another user. "
                "Run as that user, or set CONCORD_VAR to a folder of your own."
            )
        return folder

    def _make_var(self) -> None:
        if not self.var.is_dir():
            self.var.parent.mkdir(parents=True, exist_ok=True)
            self.var.mkdir(mode=0o700, exist_ok=True)
            self.var.chmod(0o711 if os.geteuid() == 0 else 0o700)

    def give_to_owner(self, path: Path) -> None:
        """When root works in somebody else's CONCORD_VAR, what root makes there belongs to that person."""
        owner = self.var.stat()
        if os.geteuid() == 0 and owner.st_uid != 0:
            os.chown(path, owner.st_uid, owner.st_gid)

    def secret(self, name: str) -> str:
        """The 44 characters kept in secrets/name (mode 0600), drawn at random by whoever asks first.

        They are 32 random bytes in URL-safe base 64, which is also the form of a Fernet key.
        """
        path = self.secrets / name
        with self.locked(self.secrets / ".lock"):
            if not path.exists():
                draft = path.with_name(f".{name}.new")
                draft.unlink(missing_ok=True)
                self.write_private(draft, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
                draft.rename(path)
        return path.read_text()

    def write_private(self, path: Path, text: str) -> None:
        """Write a file that only the owner of CONCORD_VAR can read; it must not exist yet."""
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self.give_to_owner(path)

    @contextmanager
    def locked(self, path: Path) -> Iterator[None]:
        """Hold the lock file at path alone, waiting for whoever holds it; the kernel frees it at a crash."""
        descriptor = self.open_lock(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def open_lock(self, path: Path) -> int:
        """A descriptor of the lock file at path (made when missing), which children do not inherit."""
        made = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if made:
            self.give_to_owner(path)
        return descriptor
