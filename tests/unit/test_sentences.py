import numpy as np
import pytest

from tests.support.looks import make_look
from uploads.analysis import concept_vector, sentences
from uploads.analysis.class_names import ANIMALS, EVERYDAY_KINDS, EVERYDAY_NAMES, HIDDEN_WITH_PEOPLE, UNCOUNTABLE
from uploads.analysis.colours import Colours
from uploads.analysis.detector import Detection
from uploads.analysis.evidence import PERSON, Evidence, combine_evidence
from uploads.analysis.probe import Look
from uploads.analysis.vocabulary import Vocabulary, load_vocabulary

NO_COLOURS = Colours((), plain=False, warm_sky=0.0)
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
) -> Evidence:
    probabilities = np.zeros(len(vocabulary.labels), np.float32)
    for label, probability in labels.items():
        probabilities[vocabulary.labels.index(label)] = probability
    found = [Detection(vocabulary.objects.index(name), score, 0.1) for name, score in (objects or {}).items()]
    found += [Detection(PERSON, 0.8, 0.1)] * people
    return combine_evidence(vocabulary, probabilities, found, NO_COLOURS, look)


@pytest.mark.parametrize(
    ("labels", "objects", "people", "sentence"),
    [
        ({"Golden Retriever": 0.9}, {}, 2, "A Golden Retriever, a dog; 2 people."),
        ({"tabby cat": 0.4, "Egyptian Mau": 0.3}, {}, 0, "A cat, perhaps a tabby cat or an Egyptian Mau."),
        ({"Beagle": 0.7}, {}, 0, "A dog, perhaps a Beagle."),
        ({"mountain": 0.45, "volcano": 0.2}, {}, 0, "A mountain."),
        ({"espresso": 0.9}, {"cup": 0.7, "spoon": 0.6}, 0, "A cup of coffee with a spoon."),
        ({"hay": 0.8}, {}, 0, "Hay."),
        ({"missile": 0.4}, {}, 0, "Perhaps a rocket."),
        ({"umbrella": 0.25}, {}, 1, "One person."),
        ({}, {"bicycle": 0.9, "cup": 0.5}, 3, "3 people with a bicycle."),
        ({}, {}, 9, "A crowd of about 9 people."),
        ({"Beagle": 0.9}, {"cow": 0.9}, 0, "A Beagle, a dog."),
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
        (make_look("screenshot", 0.95), {"monitor": 0.9}, 0, "A screenshot."),
        (make_look("screenshot", 0.7), {"monitor": 0.9}, 2, "A page, screen or graphic with text."),
        (make_look("drawing", 0.9), {"Beagle": 0.9}, 0, "A drawing or painting, perhaps of a Beagle, a dog."),
        (make_look("drawing", 0.9), {"umbrella": 0.4}, 0, "A drawing or painting."),
        (make_look(scenes={"water": 0.9}), {"umbrella": 0.4}, 0, "Water."),
        (make_look(scenes={"water": 0.9}), {"castle": 0.6}, 0, "A castle with water."),
        (make_look(scenes={"building": 0.9}), {"castle": 0.6}, 0, "A castle."),
        (make_look(scenes={"indoor": 0.9}), {}, 0, "A picture indoors."),
        (make_look(scenes={"plants": 0.4}), {}, 0, "Perhaps plants."),
        (make_look(scenes={"flower": 0.1}), {"daisy": 0.25}, 0, "Perhaps flowers."),
        (make_look("drawing", 0.9, {"mountain": 0.9}), {}, 0, "A drawing or painting, perhaps of mountains."),
        (make_look(scenes={"mountain": 0.9, "sunset": 0.9}), {}, 1, "One person with mountains at sunset."),
    ],
)
def test_medium_and_scenes_are_named(
    look: Look, labels: dict[str, float], people: int, sentence: str, vocabulary: Vocabulary
) -> None:
    evidence = _evidence(vocabulary, labels, people=people, look=look)

    assert sentences.compose_sentence(vocabulary, evidence) == sentence


def test_objects_are_not_named_on_pages(vocabulary: Vocabulary) -> None:
    evidence = _evidence(vocabulary, {"monitor": 0.9}, {"book": 0.9}, look=make_look("document", 0.95))

    assert [label.name for label in sentences.choose_labels(vocabulary, evidence)] == ["document"]


def test_at_most_two_colours_are_named(vocabulary: Vocabulary) -> None:
    colours = Colours((("red", 0.4), ("blue", 0.3), ("gray", 0.3)), plain=False, warm_sky=0.0)
    evidence = combine_evidence(vocabulary, np.zeros(1000, np.float32), [], colours, PHOTO)

    assert sentences.compose_sentence(vocabulary, evidence) == "A picture in red and blue."


def test_plain_surface_is_described_as_such(vocabulary: Vocabulary) -> None:
    colours = Colours((("blue", 1.0),), plain=True, warm_sky=0.0)
    evidence = combine_evidence(vocabulary, np.zeros(1000, np.float32), [], colours, make_look("abstract", 0.9))

    assert sentences.compose_sentence(vocabulary, evidence) == "A plain blue surface."


@pytest.mark.parametrize("label", sorted(HIDDEN_WITH_PEOPLE))
def test_sensitive_labels_are_hidden_in_pictures_with_people(label: str, vocabulary: Vocabulary) -> None:
    evidence = _evidence(vocabulary, {label: 0.95}, people=1)

    weights = concept_vector.weigh_phrases(vocabulary, evidence)
    rows = {row for row, weight in weights if row < vocabulary.first_kind and weight > 0}
    assert sentences.compose_sentence(vocabulary, evidence) == "One person."
    assert [found.name for found in sentences.choose_labels(vocabulary, evidence)] == ["person"]
    assert rows == set()


def test_uncertain_person_hides_labels_without_being_mentioned(vocabulary: Vocabulary) -> None:
    probabilities = np.zeros(len(vocabulary.labels), np.float32)
    probabilities[vocabulary.labels.index("rifle")] = 0.95

    evidence = combine_evidence(vocabulary, probabilities, [Detection(PERSON, 0.5, 0.9)], NO_COLOURS, PHOTO)

    assert sentences.compose_sentence(vocabulary, evidence) == "A picture in many colours."
    assert sentences.choose_labels(vocabulary, evidence) == ()


def test_sensitive_labels_are_shown_without_people(vocabulary: Vocabulary) -> None:
    assert sentences.compose_sentence(vocabulary, _evidence(vocabulary, {"rifle": 0.95})) == "A rifle."


def test_name_lists_match_the_vocabulary(vocabulary: Vocabulary) -> None:
    names = {*vocabulary.labels, *vocabulary.objects}

    assert set(vocabulary.labels) >= HIDDEN_WITH_PEOPLE
    assert set(vocabulary.objects) >= ANIMALS
    assert set(EVERYDAY_NAMES) <= names
    assert set(vocabulary.kinds) >= EVERYDAY_KINDS
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
    assert sentences.with_article(name) == phrase
