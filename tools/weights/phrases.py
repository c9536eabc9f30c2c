"""Build the vocabulary: class names, their kinds, scenes, and a vector for each of these phrases."""

import io
import json
from collections import Counter
from dataclasses import dataclass

import numpy as np

from uploads.analysis.scene_rules import COLOURLESS, MEDIA, SCENES
from uploads.analysis.text_encoder import TextEncoder

_COLOURS = ["red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "brown", "black", "white", "gray"]
_PEOPLE = ["portrait of a person", "one person", "two people", "group of people", "crowd of people"]

# COCO's 80 classes in their original order; see Lin et al. 2014 (arXiv:1405.0312).
_OBJECTS = """
    person | bicycle | car | motorcycle | airplane | bus | train | truck | boat | traffic light | fire hydrant
    | stop sign | parking meter | bench | bird | cat | dog | horse | sheep | cow | elephant | bear | zebra | giraffe
    | backpack | umbrella | handbag | tie | suitcase | frisbee | skis | snowboard | sports ball | kite
    | baseball bat | baseball glove | skateboard | surfboard | tennis racket | bottle | wine glass | cup | fork
    | knife | spoon | bowl | banana | apple | sandwich | orange | broccoli | carrot | hot dog | pizza | donut | cake
    | chair | couch | potted plant | bed | dining table | toilet | tv | laptop | mouse | remote | keyboard
    | cell phone | microwave | oven | toaster | sink | refrigerator | book | clock | vase | scissors | teddy bear
    | hair drier | toothbrush
"""

# Kinds that people may search for; "name = word" if WordNet uses a different word.
_KINDS = """
    animal | pet = domestic animal | mammal | dog | cat | big cat | feline | wolf | fox | bear | monkey | ape
    | primate | rodent | marsupial | ungulate | bird | aquatic bird | wading bird | seabird | bird of prey | parrot
    | fish | shark | reptile | snake | lizard | turtle | frog | amphibian | salamander | insect | butterfly | beetle
    | spider | arachnid | crustacean | crab | mollusk | hunting dog | terrier | hound | shepherd dog | working dog
    | spaniel | retriever | poodle | toy dog | antelope | swine | vehicle | wheeled vehicle | motor vehicle | car
    | truck | bus | van | bicycle | public transport | train | military vehicle | watercraft | ship | boat
    | sailing vessel | aircraft | musical instrument | stringed instrument | wind instrument | percussion instrument
    | keyboard instrument | furniture | seat | chair | home interior = furnishing | home appliance
    | kitchen appliance | appliance | electronic equipment | computer | personal computer
    | laptop computer = portable computer | telephone | keyboard | timepiece | clock | measuring instrument
    | optical instrument | tool | hand tool | weapon | gun | firearm | kitchen utensil | cookware | tableware
    | bottle | box | bag | pot | vessel | clothing | garment | coat | hat | headdress | shoe | footwear | skirt
    | swimsuit | necktie | fabric | armor | food | fruit | edible fruit | vegetable | bread | baked goods | dish
    | dessert | beverage | fungus | building | house | house = dwelling | church, temple = place of worship
    | shop, store = shop | bridge | fence | memorial | roof | structure | ball | sports equipment | game equipment
    | mountain, hill = natural elevation | landscape = geological formation | flower | shore | lamp | toiletry
    | writing implement | game bird | finch | whale | aquatic mammal | crocodilian reptile | plant
"""

# Classes whose published short name is too specific.
_RENAMED = {282: "tiger cat", 639: "swimsuit"}

Ancestors = list[set[str]]


@dataclass(frozen=True, slots=True)
class Nouns:
    """WordNet's nouns: the words and the direct hypernyms of each sense, keyed by the offset of the sense."""

    words: dict[str, list[str]]
    above: dict[str, list[str]]

    def with_hypernyms(self, offset: str) -> set[str]:
        """Return the offsets of the sense at `offset` and of all its direct and indirect hypernyms."""
        found = {offset}
        pending = [offset]
        while pending:
            pending = [higher for lower in pending for higher in self.above[lower] if higher not in found]
            found.update(pending)
        return found


def read_nouns(data: str) -> Nouns:
    """Parse WordNet's data.noun, whose format is defined at https://wordnet.princeton.edu/documentation/wndb5wn."""
    nouns = Nouns({}, {})
    for line in data.splitlines():
        if line.startswith(" "):
            continue
        fields = line.partition(" | ")[0].split()
        count = int(fields[3], 16)
        pointers = fields[5 + 2 * count :]
        nouns.words[fields[0]] = [word.replace("_", " ") for word in fields[4 : 4 + 2 * count : 2]]
        nouns.above[fields[0]] = [pointers[i + 1] for i in range(0, len(pointers) - 3, 4) if pointers[i] in ("@", "@i")]
    return nouns


def build_phrases(names: list[str], synsets: list[str], nouns: Nouns) -> tuple[bytes, bytes]:
    """Return the content of phrases.json and of phrase_vectors.npz.

    `names` and `synsets` (such as "n02123045") are those of ImageNet's classes, in order. This needs the text model
    that ships with the program.
    """
    labels = [_RENAMED.get(number, name) for number, name in enumerate(names)]
    ancestors = [nouns.with_hypernyms(synset.removeprefix("n")) for synset in synsets]
    kinds = [entry.partition(" = ")[::2] for entry in _listed(_KINDS)]
    senses = [_sense(word or name, ancestors, nouns) for name, word in kinds]
    membership = np.array([[sense in above for above in ancestors] for sense in senses])
    scenes = [*_PEOPLE, *(f"plain {name} background" for name in _COLOURS), *(f"{name} color" for name in _COLOURS)]
    scenes += [phrase for medium in MEDIA.values() for phrase, _ in medium.phrases]
    scenes += [scene.phrase for scene in (*SCENES.values(), COLOURLESS)]
    phrases = {"labels": labels, "kinds": [name for name, _ in kinds], "objects": _listed(_OBJECTS), "scenes": scenes}
    vectors = _vectors([f"a photo of {name}" for part in list(phrases.values())[:3] for name in part] + scenes)
    packed = io.BytesIO()
    np.savez_compressed(packed, vectors=vectors, membership=np.packbits(membership, axis=1))
    return json.dumps(phrases, indent=0).encode() + b"\n", packed.getvalue()


def _listed(listing: str) -> list[str]:
    return [entry.strip() for entry in listing.replace("\n", " ").split("|")]


def _sense(word: str, ancestors: Ancestors, nouns: Nouns) -> str:
    """Return the sense of `word` that covers the most classes; in a tie, prefer a sense whose first word is `word`."""
    counts = Counter(offset for above in ancestors for offset in above)
    senses = [offset for offset in counts if word in nouns.words[offset]]
    return max(senses, key=lambda offset: (counts[offset], nouns.words[offset][0] == word, offset))


def _vectors(texts: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    encoder = TextEncoder()
    return np.array([encoder.encode(text) for text in texts], np.float16)
