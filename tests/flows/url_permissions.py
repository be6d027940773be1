"""Who may open which URL. A URL that is missing here fails tests/flows/test_permissions.py.

"anyone" needs no login, "login" any user; "view", "label", "report", "manage" and "own" are the
capabilities of project roles; "site admin" is for site admins alone.
"""

URL_PERMISSIONS: dict[str, str] = {
    "login": "anyone",
    "logout": "login",
    "password_change": "login",
    # corpus
    "corpus:project-list": "login",
    "corpus:project-create": "login",
    "corpus:item-list": "view",
    "corpus:project-settings": "own",
    "corpus:rubric-edit": "own",
    "corpus:member-list": "own",
    "corpus:member-change": "own",
    "corpus:member-remove": "own",
    "corpus:project-delete": "own",
    "corpus:job-list": "manage",
    "corpus:job-detail": "manage",
    "corpus:job-progress": "manage",
    "corpus:job-cancel": "manage",
    "corpus:job-retry": "manage",
    "corpus:user-list": "site admin",
    "corpus:user-create": "site admin",
    "corpus:user-password": "site admin",
    "corpus:user-deactivate": "site admin",
    "corpus:user-activate": "site admin",
    # annotate
    "annotate:round-list": "label",
    "annotate:round-create": "manage",
    "annotate:round-detail": "label",
    "annotate:round-open": "manage",
    "annotate:round-pause": "manage",
    "annotate:round-resume": "manage",
    "annotate:round-close": "manage",
    "annotate:label-item": "label",
    "annotate:label-save": "label",
    "annotate:label-skip": "label",
    "annotate:label-undo": "label",
    "annotate:label-unskip": "label",
    # judges
    # exchange
    "exchange:import-list": "manage",
    "exchange:import-upload": "manage",
    "exchange:import-detail": "manage",
    "exchange:import-preview": "manage",
    "exchange:import-start": "manage",
    "exchange:import-check": "manage",
    "exchange:import-discard": "manage",
    "exchange:import-cancel": "manage",
    "exchange:import-again": "manage",
    "exchange:import-checked": "manage",
    "exchange:import-good-rows": "manage",
    "exchange:import-undo": "manage",
    "exchange:import-bad-rows": "manage",
    "exchange:export-list": "manage",
    "exchange:export-create": "manage",
    "exchange:export-cancel": "manage",
    "exchange:export-download": "manage",
    # reports
    "reports:overview": "view",
    "reports:item-detail": "view",
    "reports:agreement": "report",
    "reports:judge-agreement": "report",
    "reports:judge-chart": "report",
    "reports:cell-items": "report",
}

ROLE_MAY: dict[str, set[str]] = {
    "anonymous": {"anyone"},
    "stranger": {"anyone", "login"},
    "viewer": {"anyone", "login", "view", "report"},
    "annotator": {"anyone", "login", "view", "label"},
    "manager": {"anyone", "login", "view", "label", "report", "manage"},
    "owner": {"anyone", "login", "view", "label", "report", "manage", "own"},
    "site admin": {"anyone", "login", "view", "label", "report", "manage", "own", "site admin"},
}
