"""Run management commands in this process."""

import io

from django.core.management import call_command


class CommandRun:
    """The output and exit status of `manage.py ingest` or another command."""

    def __init__(self, *arguments: object, name: str = "ingest") -> None:
        out, err = io.StringIO(), io.StringIO()
        self.status = 0
        try:
            call_command(name, *map(str, arguments), stdout=out, stderr=err)
        except SystemExit as end:
            self.status = int(end.code or 0)
        self.out, self.err = out.getvalue(), err.getvalue()
