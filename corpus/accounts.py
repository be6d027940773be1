"""People who can log in: made by site admins, with a random password that is shown once."""

import secrets

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from corpus.audit import record
from corpus.models import User
from corpus.models.audit import Verb

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # nothing that is mistaken for something else
N_GROUPS, GROUP_SIZE = 4, 5  # 32^20: a hundred bits


def new_password() -> str:
    """A random password of four groups of five letters and digits, easy to read to somebody."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_SIZE)) for _ in range(N_GROUPS))
    return "-".join(groups)


@transaction.atomic
def create_account(username: str, *, full_name: str = "", password: str = "") -> tuple[User, str]:
    """Make a user who can log in; return them and their password (a random one when none is given).

    Raises ValidationError when the name cannot be a username or the given password is weak.
    """
    user = User(username=username, first_name=full_name)
    if password:
        validate_password(password, user)
    password = password or new_password()
    user.set_password(password)
    user.full_clean(exclude=["password"])
    user.save()
    record(Verb.USER_MADE, user)
    return user, password


@transaction.atomic
def make_site_admin(user: User) -> None:
    """Let the user look after engines and users, and see every project."""
    user.is_superuser = True
    user.save(update_fields=["is_superuser"])
    record(Verb.USER_ADMIN, user)


@transaction.atomic
def reset_password(user: User, *, password: str = "") -> str:
    """Give the user a new password (a random one when none is given) and end all their sessions."""
    if password:
        validate_password(password, user)
    password = password or new_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    record(Verb.USER_PASSWORD, user)
    return password


class LastAdmin(Exception):
    """No active site admin would remain."""


@transaction.atomic
def deactivate(user: User) -> None:
    """Shut the user out at once; labels and memberships stay. Raises LastAdmin."""
    admins = User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk")
    if [admin.pk for admin in admins] == [user.pk]:
        raise LastAdmin(f"{user.username} is the only active site admin.")
    user.is_active = False
    user.save(update_fields=["is_active"])
    record(Verb.USER_SHUT_OUT, user)


@transaction.atomic
def activate(user: User) -> None:
    """Let a deactivated user in again, with the password they had."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(Verb.USER_LET_IN, user)
