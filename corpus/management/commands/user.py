import json
import sys

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from corpus import accounts
from corpus.models import Project, Role, User
from corpus.team import add_member


class Command(BaseCommand):
    help = "Make, list and shut out the people who can log in. A generated password is printed once."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)

        add = actions.add_parser("add", help="make a user, or bring an existing one into a project")
        add.add_argument("name")
        add.add_argument("--full-name", default="")
        add.add_argument("--admin", action="store_true", help="make a site admin")
        add.add_argument("--project", metavar="SLUG", help="make the user a member of this project")
        add.add_argument("--role", choices=Role.values, default=Role.ANNOTATOR, help="default: annotator")
        add.add_argument("--password-stdin", action="store_true", help="read the password from stdin")

        listing = actions.add_parser("list", help="list all users")

        password = actions.add_parser("password", help="give a user a new password; ends their sessions")
        password.add_argument("name")
        password.add_argument("--password-stdin", action="store_true", help="read the password from stdin")

        deactivate = actions.add_parser("deactivate", help="shut a user out; what they did stays")
        deactivate.add_argument("name")
        activate = actions.add_parser("activate", help="let a deactivated user in again")
        activate.add_argument("name")

        for each in (add, listing, password, deactivate, activate):
            each.add_argument("--json", action="store_true", help="print JSON on stdout and nothing else")

    def handle(self, *args, action: str, **options) -> None:
        try:
            getattr(self, f"do_{action}")(**options)
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from problem

    def do_add(
        self, *, name: str, full_name: str, admin: bool, project: str | None, role: str, **options
    ) -> None:
        joined = self._project(project) if project else None
        user = User.objects.filter(username=name).first()
        if user and not joined:
            raise CommandError(f"There is a user {name} already.")
        password = ""
        if not user:
            given = _read_password() if options["password_stdin"] else ""
            user, password = accounts.create_account(name, full_name=full_name, password=given)
            if given:
                password = ""
        if admin:
            accounts.make_site_admin(user)
        if joined:
            add_member(joined, user=user, role=role)
        self._tell(
            {
                "username": name,
                "password": password or None,
                "site_admin": user.is_superuser,
                "project": project,
                "role": role if joined else None,
            },
            f"{name} can log in." + (f" Password, shown only now: {password}" if password else ""),
            options,
        )

    def do_list(self, **options) -> None:
        users = [
            {
                "username": user.username,
                "full_name": user.first_name,
                "site_admin": user.is_superuser,
                "active": user.is_active,
                "last_login": user.last_login.isoformat() if user.last_login else None,
                "projects": {each.project.slug: each.role for each in user.memberships.all()},
            }
            for user in User.objects.order_by("username").prefetch_related("memberships__project")
        ]
        lines = [
            "\t".join(
                (
                    user["username"],
                    "site admin" if user["site_admin"] else "user",
                    "active" if user["active"] else "cannot log in",
                    ", ".join(f"{slug}: {role}" for slug, role in sorted(user["projects"].items())),
                )
            ).rstrip()
            for user in users
        ]
        self._tell(users, "\n".join(lines) or "There are no users yet.", options)

    def do_password(self, *, name: str, **options) -> None:
        given = _read_password() if options["password_stdin"] else ""
        password = accounts.reset_password(self._user(name), password=given)
        shown = "" if given else password
        self._tell(
            {"username": name, "password": shown or None},
            f"{name} has a new password" + (f", shown only now: {shown}" if shown else "."),
            options,
        )

    def do_deactivate(self, *, name: str, **options) -> None:
        try:
            accounts.deactivate(self._user(name))
        except accounts.LastAdmin as problem:
            raise CommandError(str(problem)) from problem
        self._tell({"username": name, "active": False}, f"{name} can no longer log in.", options)

    def do_activate(self, *, name: str, **options) -> None:
        accounts.activate(self._user(name))
        self._tell({"username": name, "active": True}, f"{name} can log in again.", options)

    def _user(self, name: str) -> User:
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no user {name}.")
        return user

    def _project(self, slug: str) -> Project:
        project = Project.objects.filter(slug=slug).first()
        if project is None:
            raise CommandError(f"There is no project {slug}.")
        return project

    def _tell(self, facts, words: str, options: dict) -> None:
        self.stdout.write(json.dumps(facts, ensure_ascii=False, indent=2) if options["json"] else words)


def _read_password() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise CommandError("No password came on stdin.")
    return password
