"""Candidates are ranked, and divided into hits and other close pictures."""

from hypothesis import given
from hypothesis import strategies as st

from uploads.search.ranking import MAX_CLOSEST, Candidate, Found, Ranking, fuse, least_fit, rank, rank_alternatives

HIT = 0.44
candidates = st.lists(
    st.builds(Candidate, st.integers(1, 50), st.floats(-1, 1), st.sampled_from([0.0, 0.5, 1.0])), max_size=60
)


def ids(found: tuple[Candidate, ...]) -> list[int]:
    return [one.upload_id for one in found]


def test_words_in_the_text_raise_the_fit() -> None:
    found = rank([Candidate(1, 0.50, 0.0), Candidate(2, 0.45, 1.0)], HIT)

    assert ids(found.hits) == [2, 1]


def test_some_of_the_words_raise_the_fit_less_than_their_share_of_all_words() -> None:
    fits = [Candidate(1, 0.3, words).fit for words in (0.0, 0.5, 1.0)]

    assert fits == sorted(fits)
    assert fits[1] - fits[0] < (fits[2] - fits[0]) / 2


def test_pictures_far_below_the_best_are_not_hits() -> None:
    found = rank([Candidate(1, 0.80, 0.0), Candidate(2, 0.61, 0.0), Candidate(3, 0.59, 0.0)], HIT)

    assert ids(found.hits) == [1, 2]


def test_without_a_good_fit_only_the_closest_are_shown() -> None:
    found = rank([Candidate(id, 0.43 - id / 1000, 0.0) for id in range(1, 10)], HIT)

    assert found.hits == ()
    assert ids(found.closest) == [1, 2, 3, 4, 5, 6]


def test_pictures_that_fit_badly_are_not_shown_unless_they_contain_a_word() -> None:
    found = rank([Candidate(1, 0.31, 0.0), Candidate(2, 0.29, 0.0), Candidate(3, 0.0, 0.5)], HIT)

    assert found.hits == ()
    assert ids(found.closest) == [1, 3]


def test_picture_with_all_words_is_a_hit_whatever_it_shows() -> None:
    found = rank([Candidate(1, 0.40, 0.0), Candidate(2, 0.0, 1.0)], HIT)

    assert ids(found.hits) == [2]


def test_least_fit_follows_the_scale_of_the_model() -> None:
    found = rank([Candidate(1, 0.21, 0.0), Candidate(2, 0.17, 0.0), Candidate(3, 0.159, 0.0)], 0.2)

    assert ids(found.hits) == [1, 2, 3]
    assert ids(rank([Candidate(1, 0.17, 0.0), Candidate(2, 0.1, 0.0)], 0.15).hits) == [1]


@given(candidates)
def test_each_picture_appears_once_and_best_first(found: list[Candidate]) -> None:
    ranking = rank(found, HIT)

    shown = ranking.hits or ranking.closest
    assert len(set(ids(shown))) == len(shown)
    assert [one.fit for one in shown] == sorted((one.fit for one in shown), reverse=True)
    assert not (ranking.hits and ranking.closest)
    assert len(ranking.closest) <= MAX_CLOSEST
    best = {one.upload_id: one for one in sorted(found, key=lambda one: (one.fit, one.words))}
    assert bool(shown) == any(one.words > 0 or one.fit >= least_fit(HIT) for one in best.values())


@given(candidates)
def test_no_picture_below_the_least_fit_is_a_hit_unless_it_has_all_words(found: list[Candidate]) -> None:
    complete = {one.upload_id for one in found if one.words >= 1}

    assert all(one.fit >= 0.30 or one.upload_id in complete for one in rank(found, HIT).hits)


def test_each_alternative_has_its_own_threshold() -> None:
    cats = Found([Candidate(1, 0.9, 0.0), Candidate(2, 0.5, 0.0)])
    dogs = Found([Candidate(1, 0.2, 0.0), Candidate(3, 0.5, 0.0), Candidate(4, 0.45, 0.0)])
    nothing = Found([Candidate(5, 0.43, 0.0)])

    assert ids(rank_alternatives([cats, dogs, nothing], HIT).hits) == [1, 3, 4]
    assert ids(rank_alternatives([nothing, Found([])], HIT).closest) == [5]


def test_there_may_be_more_hits_if_all_nearest_pictures_are_hits_or_words_were_not_read() -> None:
    hit, other = Candidate(1, 0.9, 0.0), Candidate(2, 0.1, 0.0)

    assert rank_alternatives([Found([hit], frozenset([1]))], HIT).more
    assert rank_alternatives([Found([other]), Found([hit], more_words=True)], HIT).more
    assert not rank_alternatives([Found([hit, other], frozenset([1, 2]))], HIT).more
    assert not rank_alternatives([Found([hit, other])], HIT).more


def test_rankings_of_two_models_are_fused_by_rank() -> None:
    old = Ranking((Candidate(1, 0.9, 0), Candidate(2, 0.8, 0), Candidate(3, 0.7, 0)), ())
    new = Ranking((Candidate(2, 0.3, 0), Candidate(4, 0.2, 0)), ())

    assert [one.upload_id for one in fuse([old, new]).hits] == [2, 1, 4, 3]


def test_closest_of_one_model_do_not_join_hits_of_another() -> None:
    hits = Ranking((Candidate(1, 0.9, 0),), ())
    none = Ranking((), (Candidate(2, 0.1, 0),))

    assert fuse([none, hits]) == hits
    assert fuse([none, none]) == none
