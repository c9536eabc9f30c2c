"""Reject versions of the HEIF decoders in which hostile files can run code on the server."""

import re
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.core.checks import CheckMessage, Error

MIN_LIBHEIF, MIN_LIBDE265 = (1, 23, 6), (1, 1, 3)
"""The versions that fix GHSA-g89c-p67h-r497 and GHSA-2jg2-4ch7-h545."""


def check_heif_decoder(**_: Any) -> list[CheckMessage]:
    """Reject an old libheif or libde265, whether it comes with pillow-heif or from the system."""
    if find_spec("pillow_heif") is None:
        return []
    library = import_module("_pillow_heif").get_lib_info()
    decoders = " ".join(library["decoders"].values())
    found = {"libheif": library["libheif"], "libde265": _version_after("libde265", decoders)}
    old = [
        f"{name} {found[name]}"
        for name, least in (("libheif", MIN_LIBHEIF), ("libde265", MIN_LIBDE265))
        if found[name] and _numbers(found[name]) < least
    ]
    hint = "Install pillow-heif 1.8.1 or later as a wheel, which contains its own libraries: pip install --only-binary "
    hint += ":all: --force-reinstall 'pillow-heif>=1.8.1'. Or uninstall it; HEIC photos are then refused."
    problem = f"HEIC photos could run code on this server through {' and '.join(old)}."
    return [Error(problem, hint=hint, id="vuemantics.E050")] if old else []


def _version_after(name: str, text: str) -> str:
    match = re.search(rf"{name}.*?version ([0-9.]+)", text)
    return match[1] if match else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall("[0-9]+", version))
