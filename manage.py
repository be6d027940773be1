#!/usr/bin/env python
"""Concord's command line. Without a DATABASE_URL it runs on services of its own; see config/embedded."""

import os
import sys

from config.embedded.command_line import services_for
from config.embedded.problems import ServiceProblem


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        with services_for(sys.argv):
            from django.core.management import execute_from_command_line

            execute_from_command_line(sys.argv)
    except ServiceProblem as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
