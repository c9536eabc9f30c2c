"""Compare how similar two pictures are with how similar each of them is to other candidates.

Some pictures, such as plain drawings, are rather similar to many others, and would be listed for all of them. So the
fit of two pictures is expressed in standard deviations above the mean fit of each picture with a sample of the
candidates, and the two results are added. This follows Schnitzer et al. 2012, "Local and global scaling reduce hubs in
space".
"""

from collections.abc import Mapping, Sequence

from uploads.database import fetch_rows

SAMPLE = 128
LEAST_SAMPLE = 20
"""If fewer pictures can be compared, their mean fit says little."""

# l2_normalize() does not change the features, whose length is 1, but makes PostgreSQL read those stored outside the row
# once, and not for each pair. The additions keep it from reading all rows of the owner.
FITS_WITH_SAMPLE = """
WITH appearance AS MATERIALIZED (
    SELECT embedding.upload_id AS id, vector, l2_normalize(features) AS features
      FROM uploads_embedding embedding JOIN uploads_appearance USING (upload_id)
     WHERE upload_id = ANY(%(compared)s || %(sample)s) AND embedding.owner_id + 0 = %(owner)s AND model = %(model)s
       AND features IS NOT NULL
)
SELECT compared.id, avg(fit), stddev_pop(fit), count(*)
  FROM appearance compared JOIN appearance sample ON compared.id = ANY(%(compared)s) AND sample.id = ANY(%(sample)s)
   AND sample.id <> compared.id
 CROSS JOIN LATERAL (
     SELECT -(compared.vector <#> sample.vector) - (compared.features <#> sample.features) AS fit) AS pair
 GROUP BY compared.id
"""


def mutual_fits(
    owner_id: int, upload_id: int, model: str, fits: Mapping[int, float], candidates: Sequence[int]
) -> dict[int, float]:
    """Return the mutual fits of a picture with others, given their `fits`, keyed by id.

    A fit is the cosine of the vectors of `model` plus the cosine of the features. Pictures without features are left
    out. Return an empty dictionary if the picture has none, or if there are few `candidates`.
    """
    sample = [upload_id, *candidates[:: len(candidates) // SAMPLE + 1]]
    parameters = {"owner": owner_id, "model": model, "compared": [upload_id, *fits], "sample": sample}
    rows = fetch_rows(FITS_WITH_SAMPLE, parameters)
    usual = {id: (mean, deviation) for id, mean, deviation, count in rows if count >= LEAST_SAMPLE and deviation}
    if upload_id not in usual:
        return {}
    own_mean, own_deviation = usual.pop(upload_id)
    return {
        id: (fits[id] - own_mean) / own_deviation + (fits[id] - mean) / deviation
        for id, (mean, deviation) in usual.items()
    }
