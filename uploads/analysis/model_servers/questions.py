"""What is sent to a model server: the prompt, pictures as JPEG, and the text to embed."""

import base64
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import get_language_info
from PIL import Image

from uploads.analysis.base import Description

DEFAULT_PROMPT = Path(__file__).with_name("prompt.txt")
MAX_TOKENS = 400
"""The maximum number of tokens in an answer."""

TEMPERATURE, TEMPERATURE_AGAIN = 0.2, 0.8
"""The sampling temperatures for the first description of a picture and for a second one."""

_MAX_FRAMES = 4
_MAX_EMBEDDED = 8000
_QUALITY = 85


def read_prompt() -> str:
    """Return the prompt, from the file that VUEMANTICS_PROMPT names or the default file, with `{language}` replaced.

    Raises OSError, and KeyError for an unknown language.
    """
    language = get_language_info(settings.DESCRIPTION_LANGUAGE)["name"]
    text: str = (settings.PROMPT_FILE or DEFAULT_PROMPT).read_text("utf-8")
    return text.replace("{language}", language).strip()


def encode_frames(frames: Sequence[Image.Image]) -> list[str]:
    """Return a picture, or up to four evenly spaced frames of a video, as base64-encoded JPEGs."""
    step = max(1.0, len(frames) / _MAX_FRAMES)
    return [_encode(frames[int(number * step)]) for number in range(min(len(frames), _MAX_FRAMES))]


@cache
def small_picture() -> str:
    """Return a grey picture of 64 x 64 pixels; some models reject smaller ones."""
    return _encode(Image.new("RGB", (64, 64), "gray"))


def text_to_embed(description: Description) -> str:
    """Return the text to embed for a picture: its description and labels, truncated; "" if there are none."""
    labels = ", ".join(label.name for label in description.labels)
    return "\n".join(filter(None, (description.description, labels)))[:_MAX_EMBEDDED]


def _encode(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return base64.b64encode(buffer.getvalue()).decode()
