"""Open connections are limited, in total and per client."""

from vuemantics.server.open_connections import MAX_REFUSED, OpenConnections


def test_client_at_its_limit_is_refused_until_one_closes() -> None:
    connections = OpenConnections(most=10, per_client=2)
    assert connections.add("a")
    assert connections.add("a")

    assert not connections.add("a")
    assert connections.add("b")
    connections.remove("a", admitted=False)
    assert not connections.add("a")
    connections.remove("a", admitted=True)
    assert connections.add("a")


def test_total_is_limited_without_a_limit_per_client() -> None:
    connections = OpenConnections(most=2, per_client=0)

    assert [connections.add("a"), connections.add("a"), connections.add("b")] == [True, True, False]


def test_few_refused_connections_get_the_reason() -> None:
    connections = OpenConnections(most=0, per_client=0)
    for _ in range(MAX_REFUSED):
        connections.add("a")
    assert connections.may_answer

    connections.add("a")

    assert not connections.may_answer
