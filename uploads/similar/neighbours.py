"""Find the owner's pictures that look most like a given one."""

from collections.abc import Mapping

from django.db.models import Value
from pgvector.django import MaxInnerProduct

from uploads.models import Appearance, Embedding, Upload, library_pictures
from uploads.search.nearest import OwnerVectors
from uploads.search.query import Query
from uploads.search.results import SHOWN
from uploads.search.transaction import search_transaction
from uploads.similar.mutual_fit import mutual_fits

MAX_SIMILAR = 12
_CANDIDATES = 300
_COMPARED = 60
_FEATURES_WEIGHT = 1.0


def similar_pictures(upload: Upload, limit: int = MAX_SIMILAR) -> list[Upload]:
    """Return up to `limit` pictures of the same owner that look most like `upload`, the most similar first.

    The pictures with the nearest vectors are ordered by the cosine of the vectors plus that of the classifier's
    features, and the first of these by their mutual fit. Parts of other pictures are left out.
    """
    embedding = Embedding.objects.filter(upload=upload).order_by("-id").first()
    if embedding is None:
        return []
    vector = tuple(embedding.vector)
    with search_transaction():
        fits = OwnerVectors(upload.owner_id, Query(), embedding.model, vector).nearest(_CANDIDATES)
    fits.pop(upload.pk, None)
    for id, cosine in _feature_cosines(upload, list(fits)).items():
        fits[id] += _FEATURES_WEIGHT * cosine
    best = _best_first(fits)
    first = {id: fits[id] for id in best[:_COMPARED]}
    mutual = mutual_fits(upload.owner_id, upload.pk, embedding.model, first, best)
    best = [*_best_first(mutual), *(id for id in best if id not in mutual)]
    found = library_pictures(upload.owner_id).only(*SHOWN).in_bulk(best[: 2 * limit])
    return [found[id] for id in best if id in found][:limit]


def _best_first(fits: Mapping[int, float]) -> list[int]:
    return sorted(fits, key=lambda id: (-fits[id], -id))


def _feature_cosines(upload: Upload, ids: list[int]) -> dict[int, float]:
    appearance = Appearance.objects.filter(upload=upload, features__isnull=False).first()
    if appearance is None:
        return {}
    cosine = Value(-1.0) * MaxInnerProduct("features", appearance.features)
    rows = Appearance.objects.filter(owner_id=upload.owner_id, upload_id__in=ids, features__isnull=False)
    return dict(rows.annotate(cosine=cosine).values_list("upload_id", "cosine"))
