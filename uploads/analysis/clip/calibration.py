"""Measure the cosine above which a picture matches a query. It can differ between models by a factor of five."""

from pathlib import Path
from statistics import fmean

import numpy as np
from django.conf import settings

from uploads.analysis.clip.textual import ClipQueries
from uploads.analysis.clip.visual import ClipEmbedder
from uploads.media.image import read_picture

CAPTIONS = {
    "astronaut": "an astronaut",
    "chelsea": "a cat",
    "coffee": "a cup of coffee",
    "hubble_deep_field": "galaxies",
    "rocket": "a rocket",
}
"""What the sample photos show, by file name."""


def measure_hit_fit(folder: Path) -> float:
    """Return the threshold halfway between the mean cosines of matching pairs and of all other pairs.

    The pairs are combinations of a sample photo and a caption; a pair matches if the caption belongs to the photo.

    Raises EnvironmentalError `clip.folder`.
    """
    embedder, queries = ClipEmbedder(folder), ClipQueries(folder)
    files = [settings.BASE_DIR / "samples" / f"{name}.jpg" for name in CAPTIONS]
    pictures = np.array([embedder.embed_images([read_picture(file).image]).vector for file in files])
    cosines = pictures @ np.array([queries.embed_query(caption).numbers for caption in CAPTIONS.values()]).T
    own = np.eye(len(CAPTIONS), dtype=bool)
    return fmean((float(cosines[own].mean()), float(cosines[~own].mean())))
