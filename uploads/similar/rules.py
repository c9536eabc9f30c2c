"""Which pictures count as near duplicates. Pure functions only.

The rules were measured on 220 photos and their resized, re-encoded and cropped copies: they find all resized and
re-encoded copies, and 89 to 100 % of the copies cropped by 3 to 8 % per side, with 6 false pairs among 23,653.
"""

from collections.abc import Iterator

import numpy as np

from uploads.similar.codes import Codes

# Two pictures are near duplicates if any of these rules holds: (maximum hash distance, minimum cosine of features).
_RULES = ((4, 0.5), (12, 0.7), (22, 0.85))
_PAGES_RULE = (4, 0.9)
# For each rule: (maximum hash distance, maximum number of differing signs). The latter is the number expected at the
# rule's cosine plus three standard deviations. It is unlimited in the first rule, which also applies to pictures
# without features.
_SIGN_BITS = ((4, 256), (12, 87), (22, 64))
_MAX_PARTNERS = 50

PAGES = frozenset(("document", "screenshot", "chart", "text", "web site", "menu", "crossword puzzle"))
"""Labels of pictures of text. These all look alike, so only pictures of the same page are near duplicates."""


def candidates(code: bytes, others: Codes) -> Iterator[tuple[int, int]]:
    """Yield the index in `others` and the hash distance of up to _MAX_PARTNERS candidates, the nearest first."""
    one = Codes.read(code)
    distances = others.hash_distances(one)
    near = np.flatnonzero(distances <= _RULES[-1][0])
    limits = np.zeros(near.size, np.intp)
    for distance, bits in reversed(_SIGN_BITS):
        limits[distances[near] <= distance] = bits
    kept = near[others.sign_distances(one, near) <= limits]
    nearest = kept[np.argsort(distances[kept], kind="stable")[:_MAX_PARTNERS]]
    for row in nearest.tolist():
        yield row, int(distances[row])


def is_near_duplicate(distance: int, cosine: float | None, *, pages: bool) -> bool:
    """Return whether two pictures are near duplicates.

    `distance` is the number of bits in which their hashes differ. `cosine` is the cosine of their features, or None if
    one of them has no features. `pages` is true if one of them shows a page of text.
    """
    rules = (_PAGES_RULE,) if pages else _RULES
    if cosine is None:
        return not pages and distance <= _RULES[0][0]
    return any(distance <= limit and cosine >= least for limit, least in rules)
