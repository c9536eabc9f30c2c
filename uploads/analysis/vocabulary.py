"""The embedded analyzer's fixed vocabulary, with a vector for each phrase."""

import io
import json
from dataclasses import dataclass

import numpy as np

from uploads.analysis.model_files import Floats, read_weights


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All phrases. The rows of `vectors` belong to labels, kinds, objects and scenes, in this order.

    - `labels` are the classifier's 1,000 classes (ImageNet).
    - `kinds` are groups of labels (WordNet hypernyms).
    - `objects` are the detector's 80 classes (COCO).
    - `scenes` are all other phrases: for people, scenes, media and colours.
    - `vectors`, shape (phrases, 384), have unit length.
    - `membership`, shape (kinds, labels), is 1 if the label belongs to the kind.
    """

    labels: tuple[str, ...]
    kinds: tuple[str, ...]
    objects: tuple[str, ...]
    scenes: tuple[str, ...]
    vectors: Floats
    membership: Floats

    @property
    def first_kind(self) -> int:
        """The row of the first kind in `vectors`."""
        return len(self.labels)

    @property
    def first_object(self) -> int:
        """The row of the first object in `vectors`."""
        return self.first_kind + len(self.kinds)

    def scene_row(self, scene: str) -> int:
        """Return the row of `scene`. Raises ValueError if `scene` is not in `scenes`."""
        return self.first_object + len(self.objects) + self.scenes.index(scene)


def load_vocabulary() -> Vocabulary:
    """Load the vocabulary that ships with the program. Raises the errors of read_weights()."""
    phrases = json.loads(read_weights("phrases.json"))
    with np.load(io.BytesIO(read_weights("phrase_vectors.npz")), allow_pickle=False) as arrays:
        vectors = arrays["vectors"].astype(np.float32)
        bits = np.unpackbits(arrays["membership"], axis=1, count=len(phrases["labels"]))
    return Vocabulary(
        labels=tuple(phrases["labels"]),
        kinds=tuple(phrases["kinds"]),
        objects=tuple(phrases["objects"]),
        scenes=tuple(phrases["scenes"]),
        vectors=vectors,
        membership=bits.astype(np.float32),
    )
