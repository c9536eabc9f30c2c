from dataclasses import replace

import numpy as np
import pytest

from tests.support.looks import make_look
from uploads.analysis import concept_vector, sentences
from uploads.analysis.class_names import (
    ANIMALS,
    DOUBTFUL,
    EVERYDAY_KINDS,
    EVERYDAY_NAMES,
    FOODS,
    GUESSED_KINDS,
    HIDDEN_WITH_PEOPLE,
    KINDS_HIDDEN_WITH_PEOPLE,
    OTHER_WORDS,
    SUBJECT_KINDS,
    UNCOUNTABLE,
)
from uploads.analysis.colours import Colours
from uploads.analysis.detector import Detection
from uploads.analysis.evidence import PERSON, Evidence, combine_evidence
from uploads.analysis.probe import MEDIA, Look
from uploads.analysis.subjects import with_article
from uploads.analysis.vocabulary import Vocabulary, load_vocabulary

NO_COLOURS = Colours((), plain=False)
UNIFORM = Colours((("brown", 1.0),), plain=False, uniform=True)
PHOTO = make_look()


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


def _evidence(
    vocabulary: Vocabulary,
    labels: dict[str, float],
    objects: dict[str, float] | None = None,
    people: int = 0,
    look: Look = PHOTO,
    colours: Colours = NO_COLOURS,
    person: tuple[float, float] = (0.8, 0.2),
) -> Evidence:
    """Return evidence with the given probabilities; `person` is the score and the area of each person."""
    probabilities = np.zeros(len(vocabulary.labels), np.float32)
    for label, probability in labels.items():
        probabilities[vocabulary.labels.index(label)] = probability
    found = [Detection(vocabulary.objects.index(name), score, 0.1) for name, score in (objects or {}).items()]
    found += [Detection(PERSON, *person)] * people
    return combine_evidence(vocabulary, probabilities, found, colours, look)


@pytest.mark.parametrize(
    ("labels", "objects", "people", "sentence"),
    [
        ({"Golden Retriever": 0.96}, {}, 2, "A Golden Retriever, a dog; people."),
        ({"tabby cat": 0.4, "Egyptian Mau": 0.3}, {}, 0, "A cat, perhaps a tabby cat or an Egyptian Mau."),
        ({"Beagle": 0.7}, {}, 0, "A dog, perhaps a Beagle."),
        ({"mountain": 0.45, "volcano": 0.2}, {}, 0, "A mountain."),
        ({"espresso": 0.96}, {"cup": 0.75, "spoon": 0.72}, 0, "A cup of coffee with a spoon."),
        ({"hay": 0.8}, {}, 0, "Hay."),
        ({"palace": 0.6}, {"car": 0.8}, 0, "A building, perhaps a palace, with a car."),
        ({"mosque": 0.96}, {}, 0, "A mosque, a building."),
        ({"can opener": 0.7}, {}, 0, "A tool, perhaps a can opener."),
        ({"can opener": 0.4, "hammer": 0.1}, {}, 0, "Perhaps a tool."),
        ({"necklace": 0.6}, {}, 0, "A picture in many colours."),
        ({"necklace": 0.7}, {}, 0, "A necklace."),
        ({"missile": 0.4}, {}, 0, "Perhaps a rocket."),
        ({"lighthouse": 0.55}, {}, 0, "A lighthouse."),
        ({"lighthouse": 0.4}, {}, 0, "Perhaps a lighthouse."),
        ({"impala (antelope)": 0.7}, {}, 0, "An animal, perhaps an impala (antelope)."),
        ({"otter": 0.96}, {}, 0, "An otter."),
        ({"jellyfish": 0.7}, {}, 0, "A picture in many colours."),
        ({"jellyfish": 0.9}, {}, 0, "A jellyfish."),
        ({"umbrella": 0.25}, {}, 1, "A person."),
        ({"kimono": 0.9}, {}, 1, "A person."),
        ({"cowboy hat": 0.7}, {}, 1, "A hat; a person."),
        ({}, {"bicycle": 0.9, "cup": 0.5}, 2, "People with a bicycle."),
        ({}, {"cup": 0.6}, 0, "A picture in many colours."),
        ({}, {"cup": 0.6}, 3, "People with a cup."),
        ({}, {}, 9, "Many people."),
        ({"Beagle": 0.9}, {"cow": 0.9}, 0, "A dog, perhaps a Beagle."),
        ({"dingo": 0.6}, {"horse": 0.8}, 0, "A horse."),
        ({"bell pepper": 0.3, "cucumber": 0.2}, {}, 0, "Perhaps food."),
        ({"umbrella": 0.25}, {}, 0, "A picture in many colours."),
    ],
)
def test_sentence_reflects_the_certainty(
    labels: dict[str, float], objects: dict[str, float], people: int, sentence: str, vocabulary: Vocabulary
) -> None:
    assert sentences.compose_sentence(vocabulary, _evidence(vocabulary, labels, objects, people)) == sentence


@pytest.mark.parametrize(
    ("look", "labels", "people", "sentence"),
    [
        (make_look("screenshot", 0.96), {"monitor": 0.9}, 0, "A screenshot."),
        (make_look("screenshot", 0.7), {"monitor": 0.9}, 2, "A page, screen or graphic with text."),
        (make_look("drawing", 0.9), {"Beagle": 0.96}, 0, "A drawing, painting or graphic, perhaps of a Beagle, a dog."),
        (make_look("drawing", 0.9), {"umbrella": 0.4}, 0, "A drawing, painting or graphic."),
        (make_look(scenes={"water": 0.9}), {"umbrella": 0.4}, 0, "Water."),
        (make_look(scenes={"water": 0.9}), {"castle": 0.6}, 0, "A castle with water."),
        (make_look(scenes={"building": 0.9}), {"castle": 0.6}, 0, "A castle."),
        (make_look(scenes={"indoor": 0.9}), {}, 0, "A picture indoors."),
        (make_look(scenes={"plants": 0.4}), {}, 0, "Perhaps plants."),
        (make_look(scenes={"flower": 0.1}), {"daisy": 0.25}, 0, "Perhaps flowers."),
        (make_look("drawing", 0.9, {"mountain": 0.9}), {}, 0, "A drawing, painting or graphic, perhaps of mountains."),
        (make_look("abstract", 0.9), {"Beagle": 0.9}, 0, "An abstract picture, graphic or texture."),
        (make_look("screenshot", 0.5, {"water": 0.1}), {}, 0, "A picture in many colours."),
        (make_look(scenes={"mountain": 0.9, "sunset": 0.9}), {}, 1, "A person with mountains at sunset."),
        (make_look(scenes={"sky": 0.9, "sunset": 0.9}), {}, 0, "The sky at sunset."),
        (make_look(scenes={"space": 0.9}), {"wok": 0.9}, 0, "Stars or space."),
        (make_look(scenes={"space": 0.4}), {}, 0, "A picture in many colours."),
    ],
)
def test_medium_and_scenes_are_named(
    look: Look, labels: dict[str, float], people: int, sentence: str, vocabulary: Vocabulary
) -> None:
    evidence = _evidence(vocabulary, labels, people=people, look=look)

    assert sentences.compose_sentence(vocabulary, evidence) == sentence


@pytest.mark.parametrize(
    ("labels", "scenes", "sentence"),
    [
        ({"stone wall": 0.45}, {}, "A texture or many similar things. Brown tones."),
        ({"stone wall": 0.6}, {}, "A stone wall. Brown tones."),
        ({}, {"plants": 0.45}, "Perhaps plants. Brown tones."),
        ({}, {"indoor": 0.9}, "A picture indoors. Brown tones."),
    ],
)
def test_picture_that_looks_alike_everywhere_is_a_texture_unless_something_is_recognised(
    labels: dict[str, float], scenes: dict[str, float], sentence: str, vocabulary: Vocabulary
) -> None:
    evidence = _evidence(vocabulary, labels, look=make_look(scenes=scenes), colours=UNIFORM)

    assert sentences.compose_sentence(vocabulary, evidence) == sentence


@pytest.mark.parametrize(
    ("media", "sentence"),
    [
        ({"drawing": 0.6, "chart": 0.1, "photo": 0.3}, "A drawing or graphic."),
        ({"drawing": 0.5, "chart": 0.1, "photo": 0.4}, "Perhaps a lighthouse."),
        ({"abstract": 0.6, "drawing": 0.3, "photo": 0.1}, "An abstract picture, graphic or texture."),
    ],
)
def test_picture_that_is_hardly_a_photo_is_a_drawing(
    media: dict[str, float], sentence: str, vocabulary: Vocabulary
) -> None:
    look = replace(PHOTO, media=dict.fromkeys(MEDIA, 0.0) | media)

    assert sentences.compose_sentence(vocabulary, _evidence(vocabulary, {"lighthouse": 0.4}, look=look)) == sentence


@pytest.mark.parametrize(
    ("person", "people", "sentence"),
    [
        ((0.9, 0.7), 1, "Close-up of a person."),
        ((0.9, 0.5), 1, "A person."),
        ((0.9, 0.01), 1, "A person."),
        ((0.5, 0.03), 1, "A person."),
        ((0.5, 0.01), 1, "A picture in many colours."),
        ((0.6, 0.9), 1, "Close-up of a person."),
        ((0.55, 0.9), 1, "A picture in many colours."),
    ],
)
def test_person_is_close_or_tiny(
    person: tuple[float, float], people: int, sentence: str, vocabulary: Vocabulary
) -> None:
    evidence = _evidence(vocabulary, {}, people=people, person=person)

    assert sentences.compose_sentence(vocabulary, evidence) == sentence


@pytest.mark.parametrize(
    ("score", "sentence"), [(0.5, "A bird, perhaps a macaw."), (0.7, "A bird, perhaps a macaw; a person.")]
)
def test_person_beside_an_animal_must_be_certain(score: float, sentence: str, vocabulary: Vocabulary) -> None:
    evidence = _evidence(vocabulary, {"macaw": 0.9}, people=1, person=(score, 0.2))

    assert sentences.compose_sentence(vocabulary, evidence) == sentence


def test_large_uncertain_person_is_not_named_if_something_else_is_recognised(vocabulary: Vocabulary) -> None:
    evidence = _evidence(vocabulary, {"sneaker": 0.7}, people=1, person=(0.6, 0.9))

    assert sentences.compose_sentence(vocabulary, evidence) == "A shoe, perhaps a sneaker."


@pytest.mark.parametrize(
    ("labels", "objects", "scenes", "sentence"),
    [
        ({"macaw": 0.35, "goldfish": 0.2}, {"bird": 0.46}, {}, "A bird."),
        ({"macaw": 0.2, "goldfish": 0.35}, {"bird": 0.46}, {}, "An animal."),
        ({"macaw": 0.35, "goldfish": 0.2}, {}, {}, "A picture in many colours."),
        ({"macaw": 0.35}, {"bird": 0.46}, {}, "A picture in many colours."),
        ({"macaw": 0.35, "goldfish": 0.2}, {"bird": 0.46}, {"flower": 0.3}, "Perhaps flowers."),
        ({"eggnog": 0.31}, {"cake": 0.5, "donut": 0.41}, {}, "Food."),
        ({"eggnog": 0.31}, {"cake": 0.5}, {}, "A picture in many colours."),
        ({"eggnog": 0.29}, {"cake": 0.5, "donut": 0.41}, {}, "A picture in many colours."),
    ],
)
def test_kind_that_the_detector_hints_at_needs_less_certainty(
    labels: dict[str, float], objects: dict[str, float], scenes: dict[str, float], sentence: str, vocabulary: Vocabulary
) -> None:
    evidence = _evidence(vocabulary, labels, objects, look=make_look(scenes=scenes))

    assert sentences.compose_sentence(vocabulary, evidence) == sentence


def test_uncertain_person_is_not_called_an_animal_because_of_a_hint(vocabulary: Vocabulary) -> None:
    evidence = _evidence(vocabulary, {"goldfish": 0.55}, {"dog": 0.5}, people=1, person=(0.5, 0.5))

    assert sentences.compose_sentence(vocabulary, evidence) == "A picture in many colours."


def test_detected_object_does_not_repeat_the_subject(vocabulary: Vocabulary) -> None:
    evidence = _evidence(vocabulary, {"airliner": 0.7}, {"airplane": 0.9, "truck": 0.8})

    assert sentences.compose_sentence(vocabulary, evidence) == "An aircraft, perhaps an airliner, with a truck."


def test_close_up_is_not_named_in_a_drawing(vocabulary: Vocabulary) -> None:
    evidence = _evidence(vocabulary, {}, people=1, person=(0.9, 0.7), look=make_look("drawing", 0.9))

    sentence = sentences.compose_sentence(vocabulary, evidence)

    assert sentence == "A drawing, painting or graphic, perhaps of a person."


def test_objects_are_not_named_on_pages(vocabulary: Vocabulary) -> None:
    evidence = _evidence(vocabulary, {"monitor": 0.9}, {"book": 0.9}, look=make_look("document", 0.96))

    assert [label.name for label in sentences.choose_labels(vocabulary, evidence)] == ["document"]


def test_at_most_two_colours_are_named(vocabulary: Vocabulary) -> None:
    colours = Colours((("red", 0.4), ("blue", 0.3), ("gray", 0.3)), plain=False)
    evidence = combine_evidence(vocabulary, np.zeros(1000, np.float32), [], colours, PHOTO)

    assert sentences.compose_sentence(vocabulary, evidence) == "A picture in red and blue."


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [({}, "Something on a plain white background."), ({"hammer": 0.4}, "Perhaps a tool. White tones.")],
)
def test_plain_background_is_named_if_nothing_is_recognised(
    labels: dict[str, float], sentence: str, vocabulary: Vocabulary
) -> None:
    colours = Colours((("white", 0.8),), plain=False, background="white")

    assert sentences.compose_sentence(vocabulary, _evidence(vocabulary, labels, colours=colours)) == sentence


def test_plain_surface_is_described_as_such(vocabulary: Vocabulary) -> None:
    colours = Colours((("blue", 1.0),), plain=True)
    evidence = combine_evidence(vocabulary, np.zeros(1000, np.float32), [], colours, make_look("abstract", 0.9))

    assert sentences.compose_sentence(vocabulary, evidence) == "A plain blue surface."


@pytest.mark.parametrize("label", sorted(HIDDEN_WITH_PEOPLE))
def test_sensitive_labels_are_hidden_in_pictures_with_people(label: str, vocabulary: Vocabulary) -> None:
    evidence = _evidence(vocabulary, {label: 0.95}, people=1)

    weights = concept_vector.weigh_phrases(vocabulary, evidence)
    rows = {row for row, weight in weights if row < vocabulary.first_kind and weight > 0}
    assert sentences.compose_sentence(vocabulary, evidence) == "A person."
    assert [found.name for found in sentences.choose_labels(vocabulary, evidence)] == ["person"]
    assert rows == set()


def test_uncertain_person_hides_labels_without_being_mentioned(vocabulary: Vocabulary) -> None:
    probabilities = np.zeros(len(vocabulary.labels), np.float32)
    probabilities[vocabulary.labels.index("rifle")] = 0.95

    evidence = combine_evidence(vocabulary, probabilities, [Detection(PERSON, 0.5, 0.9)], NO_COLOURS, PHOTO)

    assert sentences.compose_sentence(vocabulary, evidence) == "A picture in many colours."
    assert sentences.choose_labels(vocabulary, evidence) == ()


def test_uncertain_person_is_not_called_an_animal(vocabulary: Vocabulary) -> None:
    labels = {"langur": 0.25, "patas monkey": 0.25, "Whippet": 0.25}

    animal = sentences.compose_sentence(vocabulary, _evidence(vocabulary, labels))
    perhaps_person = sentences.compose_sentence(vocabulary, _evidence(vocabulary, labels, people=1, person=(0.5, 0.5)))

    assert (animal, perhaps_person) == ("An animal.", "A picture in many colours.")


def test_sensitive_labels_are_shown_without_people(vocabulary: Vocabulary) -> None:
    assert sentences.compose_sentence(vocabulary, _evidence(vocabulary, {"rifle": 0.95})) == "A rifle."


def test_name_lists_match_the_vocabulary(vocabulary: Vocabulary) -> None:
    names = {*vocabulary.labels, *vocabulary.objects}

    assert set(vocabulary.labels) >= HIDDEN_WITH_PEOPLE
    assert set(vocabulary.objects) >= ANIMALS | FOODS | {*OTHER_WORDS}
    assert set(EVERYDAY_NAMES) <= names
    assert set(vocabulary.labels) >= DOUBTFUL
    assert set(vocabulary.kinds) >= EVERYDAY_KINDS | SUBJECT_KINDS | {*GUESSED_KINDS} | KINDS_HIDDEN_WITH_PEOPLE
    assert names | set(vocabulary.kinds) >= UNCOUNTABLE


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("cat", "a cat"),
        ("orange", "an orange"),
        ("hourglass", "an hourglass"),
        ("unicycle", "a unicycle"),
        ("hay", "hay"),
    ],
)
def test_article_matches_the_name(name: str, phrase: str) -> None:
    assert with_article(name) == phrase
