"""The audit score of a description falls with each sign that the description is unusable."""

import pytest

from uploads.analysis.audit import audit
from uploads.analysis.base import Label

GOOD = "A golden retriever lies on the grass in a garden, with a red ball between its paws."
MINIMUM = 40


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "1234 5678.",
        "I'm sorry, but I can't describe this picture.",
        "I\N{RIGHT SINGLE QUOTATION MARK}m unable to view images directly.",
        "As an AI, I do not have eyes.",
        "Es tut mir leid, ich kann das Bild nicht beschreiben.",
        "A dog on a sofa. " * 12,
        "the the the the the the the the the the",
        "Sure! **Description:** let me know if you need more <|im_end|>",
        "�����@@@@######$$$$ a ##### b ####",
    ],
)
def test_unusable_answer_is_below_the_minimum(text: str) -> None:
    assert audit(text) < MINIMUM


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "Black tones.",
        "A cat.",
        "Ein Hund liegt auf der Wiese.",
        "一只狗躺在草地上。",
        GOOD + " " + "It is sunny.",
    ],
)
def test_plain_sentence_is_above_the_minimum(text: str) -> None:
    assert audit(text) >= 60


def test_good_description_has_all_points() -> None:
    assert audit(GOOD, [Label("golden retriever", 0.9)]) == 100


@pytest.mark.parametrize(
    ("labels", "lost"),
    [
        ([], 0),
        ([Label("dogs", 0.9), Label("Retrievers", 0.8)], 0),
        ([Label("cat", 0.49)], 0),
        ([Label("cat", 0.9), Label("lawn mower", 0.6)], 20),
    ],
)
def test_description_should_name_a_certain_label(labels: list[Label], lost: int) -> None:
    assert audit(GOOD, labels) == 100 - lost


def test_each_sign_costs_points() -> None:
    poorer = [
        "Sure, here it is: " + GOOD,
        GOOD[:-5],
        " ".join(f"{GOOD[:-1]} {number} of them." for number in "abcdefghijklmnopqrstuvwxyz"),
        f"{GOOD} I hope this helps!",
    ]

    assert all(audit(text) < audit(GOOD) for text in poorer)
