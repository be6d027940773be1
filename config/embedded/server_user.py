"""Who PostgreSQL runs as: the caller, or, because it refuses root, an unprivileged user when root calls.

That user must reach the binaries and the cluster's folder. Where a parent folder is closed (a checkout under
/root), util-linux's setpriv gives the server the one capability that opens it; no folder outside CONCORD_VAR
is changed. Whether something works is tried, not deduced from modes.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.embedded.problems import ServiceProblem

# In the order in which root looks for somebody to run the server as.
UNPRIVILEGED_USERS = ("postgres", "nobody", "daemon")

# PostgreSQL asks access(2) first, which heeds capabilities only under this securebit.
SECUREBITS = "--securebits=+no_setuid_fixup"

# CAP_DAC_READ_SEARCH opens folders and files for reading; CAP_DAC_OVERRIDE, which containers are more often
# given, opens them for everything.
CAPABILITIES = ("dac_read_search", "dac_override")


@dataclass(frozen=True)
class ServerUser:
    """How to start a program as the server's user.

    `prefix` goes before the program's argv; uid and gid, when not None, are what the starter switches to.
    """

    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()

    def run(self, argv: Sequence[str | Path]) -> "subprocess.CompletedProcess[str]":
        """Run a short program to its end as this user, its output captured."""
        other_user = {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}
        try:
            return subprocess.run(
                [*self.prefix, *map(str, argv)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                cwd="/",
                check=False,
                **other_user,
            )
        except OSError as error:
            return subprocess.CompletedProcess(list(argv), 126, "", f"{argv[0]}: {error.strerror}")

    def reaches(self, program: Path, folder: Path) -> bool:
        """Whether this user can run the program and write in the folder, found out by doing it."""
        trial = 'test -x "$1" && "$1" --version && cd "$2" && test -w .'
        return self.run(["sh", "-c", trial, "sh", program, folder]).returncode == 0


def server_user(program: Path, folder: Path) -> ServerUser:
    """The user for program with its data in folder, which root gives to that user.

    ServiceProblem, with the remedy, when root has nobody who reaches both.
    """
    if os.geteuid() != 0:
        return ServerUser()
    account = _account_for(folder)
    if folder.stat().st_uid != account.pw_uid:
        os.chown(folder, account.pw_uid, account.pw_gid)
    candidates = [ServerUser(account.pw_uid, account.pw_gid), *_with_capabilities(account)]
    for user in candidates:
        if user.reaches(program, folder):
            return user
    raise ServiceProblem(
        f"PostgreSQL does not run as root, and the user {account.pw_name} cannot reach {program} or {folder}."
        " Run Concord as an ordinary user, or put the checkout and CONCORD_VAR where every folder above them "
        "can be entered by all (for example under /opt or /srv), or install setpriv (package util-linux)."
    )


def _account_for(folder: Path) -> pwd.struct_passwd:
    """The account that already owns the folder, or else CONCORD_VAR; or else the first unprivileged one."""
    for uid in (folder.stat().st_uid, folder.parent.stat().st_uid):
        if uid != 0:
            try:
                return pwd.getpwuid(uid)
            except KeyError:
                raise ServiceProblem(
                    f"{folder} belongs to the user number {uid}, whom this machine does not know. "
                    "Give it to a user of this machine (chown -R), or set CONCORD_VAR to another folder."
                ) from None
    for name in UNPRIVILEGED_USERS:
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        if account.pw_uid != 0:
            return account
    raise ServiceProblem(
        "PostgreSQL does not run as root, and this machine has no user named "
        f"{' or '.join(UNPRIVILEGED_USERS)}. Run Concord as an ordinary user."
    )


def _with_capabilities(account: pwd.struct_passwd) -> list[ServerUser]:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return []
    return [
        ServerUser(
            prefix=(
                setpriv,
                SECUREBITS,
                f"--reuid={account.pw_uid}",
                f"--regid={account.pw_gid}",
                "--clear-groups",
                f"--inh-caps=-all,+{capability}",
                f"--ambient-caps=-all,+{capability}",
                "--no-new-privs",
                "--",
            )
        )
        for capability in CAPABILITIES
    ]
