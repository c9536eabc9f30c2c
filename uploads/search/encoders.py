"""The models that can search an owner's pictures: the site's and, after a change, the previous one."""

import logging

from django.conf import settings

from uploads.analysis.base import QueryEncoder
from uploads.analysis.disclosure import EMBEDDED
from uploads.analysis.registry import get_query_encoder, get_query_model
from uploads.database import fetch_row
from uploads.errors import EnvironmentalError, ProcessingError

logger = logging.getLogger(__name__)

LOCAL = "local"
"""The provider whose model names have no prefix."""

_FIRST_AND_LAST_MODEL = "SELECT min(model), max(model) FROM uploads_embedding WHERE owner_id = %(owner)s"
"""Every search runs this. With the ORM, it would take three times as long."""


def site_encoder() -> QueryEncoder | None:
    """Return the encoder for the site's provider, or None if the provider has none or its model cannot be loaded."""
    try:
        return get_query_encoder(settings.EMBEDDER)
    except EnvironmentalError:
        logger.exception("Searching by words only, because the text model cannot be loaded.")
        return None


def site_model() -> str | None:
    """Return the model that computes new vectors, or None if these cannot be searched. Usually, it is not loaded.

    If the model runs on a server, this sends a request, and returns None if the request fails.
    """
    try:
        return get_query_model(settings.EMBEDDER)
    except ProcessingError as error:
        logger.debug("The model of new vectors is unknown: %s", error)
        return None


def owner_encoders(owner_id: int) -> list[QueryEncoder]:
    """Return the site's encoder, if any, followed by those of other models that computed the owner's vectors.

    Vectors of another provider's model are searched only if that provider runs in this program and still works.
    """
    encoder = site_encoder()
    found = [encoder] if encoder is not None else []
    # Reading only the first and the last model name from the index is fast, and there are rarely more than two.
    models = set(fetch_row(_FIRST_AND_LAST_MODEL, {"owner": owner_id}) or ()) - {None}
    others = (_encoder_of_other(model) for model in sorted(models))
    return [*found, *(other for other in others if other is not None)]


def _encoder_of_other(model: str) -> QueryEncoder | None:
    """Return the encoder of a model whose provider is not the site's, or None if it cannot be used."""
    provider = model.partition(":")[0] if ":" in model else LOCAL
    if provider not in EMBEDDED or provider == settings.EMBEDDER:
        return None  # queries must not be sent to a server that the site no longer uses
    try:
        encoder = get_query_encoder(provider)
    except EnvironmentalError as error:
        logger.debug("Vectors of %s may not be searchable: %s", model, error)
        return None
    return encoder if encoder is not None and encoder.model == model else None
