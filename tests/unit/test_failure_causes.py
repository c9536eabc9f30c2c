"""The HTML id of a failure cause does not depend on the other causes on the page."""

from batches.failures.batch_failures import BatchFailures, FailureGroup

GROUPS = (
    FailureGroup("image.truncated", 3, "", ()),
    FailureGroup("model.odd", 2, "One message", ()),
    FailureGroup("model.odd", 1, "Another message", ()),
)


def keys(*groups: FailureGroup) -> dict[FailureGroup, str]:
    causes = BatchFailures({"image.truncated": 3}, {}, groups).causes
    return {cause.groups[0]: cause.key for cause in causes}


def test_key_of_a_cause_does_not_depend_on_its_position() -> None:
    assert keys(*GROUPS) == keys(*reversed(GROUPS))


def test_causes_have_different_keys() -> None:
    assert len(set(keys(*GROUPS).values())) == 3
