"""`manage.py fetch_model`: download a model for the provider `clip`, or check one that was copied by hand."""

from argparse import ArgumentParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from uploads.errors import ProcessingError

PACKAGES = ("huggingface_hub", "tokenizers")
INSTALL = "Install the packages first: .venv/bin/pip install --require-hashes -r requirements-clip.txt"
BY_HAND = """To copy the model by hand, download it on another machine with git-lfs:
    git clone https://huggingface.co/{repository}
Copy the directory to {folder}, then run:
    manage.py fetch_model --check {folder}"""


class Command(BaseCommand):
    """Download or check a model, and print the setting that selects it."""

    help = "Download a CLIP or SigLIP model, or check one that was copied by hand, and print how to use it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("name", nargs="?", help="a model of huggingface.co/immich-app, or OWNER/NAME")
        what.add_argument("--list", action="store_true", help="list recommended models")
        what.add_argument("--check", metavar="DIRECTORY", type=Path, help="check a model that was copied by hand")
        parser.add_argument("--revision", help="a commit or branch of the model (default: the newest)")
        parser.add_argument("--to", metavar="DIRECTORY", type=Path, help="where to store it (default: in var/models)")
        parser.add_argument("--hub", metavar="URL", help="another hub with the same protocol")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command. An interrupted download continues when the command is run again."""
        if missing := [name for name in PACKAGES if find_spec(name) is None]:
            raise CommandError(f"{' and '.join(missing)} not found. {INSTALL}")
        # Import these modules only here, because they need optional packages.
        from uploads.analysis.clip import download  # noqa: PLC0415

        if options["list"]:
            for model in download.RECOMMENDED:
                memory = f"download {model.download}, memory {model.memory}"
                self.stdout.write(f"{model.name}\n    {memory}, {model.languages}")
        elif options["check"]:
            self._check(options["check"].resolve())
        else:
            self._fetch(options)

    def _fetch(self, options: dict[str, Any]) -> None:
        from uploads.analysis.clip import download  # noqa: PLC0415

        name = options["name"]
        repository = name if "/" in name else f"{download.OWNER}/{name}"
        folder = (options["to"] or settings.VAR / "models" / repository.rpartition("/")[2]).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            record = download.fetch_model(repository, folder, options["revision"], options["hub"])
        except Exception as error:
            by_hand = BY_HAND.format(repository=repository, folder=folder)
            raise CommandError(f"The model was not downloaded: {error}\n{by_hand}") from error
        self.stdout.write(f"Revision {record['revision']}")
        self._check(folder)

    def _check(self, folder: Path) -> None:
        from uploads.analysis.clip import calibration, download  # noqa: PLC0415

        try:
            record = download.check_model(folder, lambda: calibration.measure_hit_fit(folder))
        except (download.ModelError, ProcessingError, OSError) as error:
            raise CommandError(str(error)) from error
        for name, checksum in record["sha256"].items():
            self.stdout.write(f"{checksum}  {name}")
        self.stdout.write(f"Ready. Set:\n    VUEMANTICS_EMBEDDER=clip\n    VUEMANTICS_CLIP_MODEL={folder}")
