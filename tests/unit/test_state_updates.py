"""Every UPDATE of a state, in the ORM or in SQL, makes only transitions that states.py declares."""

import ast
import pkgutil
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from batches import engine
from batches.models.states import BATCH_EDGES, ITEM_EDGES, BatchStatus, ItemStatus, batch_sources, item_sources

ROOT = Path(__file__).resolve().parents[2]
TRANSITIONS = "batches/engine/transitions.py"
SQL_MODULES = {"batches/engine/claim.py", "batches/engine/finish_sql.py", "batches/engine/incoming_sql.py"}
MOVES: dict[str, tuple[type[BatchStatus | ItemStatus], Callable[..., object]]] = {
    "move_batches": (BatchStatus, batch_sources),
    "move_items": (ItemStatus, item_sources),
}
WRITES_STATE = re.compile(r"UPDATE batches_(?:batchitem|uploadbatch)\b.*\bstatus =", re.DOTALL)
UPDATE = re.compile(r"UPDATE batches_(batchitem|uploadbatch)\s+SET (.*?)\s(?:FROM|WHERE)\s(.*?)RETURNING", re.DOTALL)
CASE = re.compile(r"\bstatus = CASE WHEN status IN \(([^)]+)\) THEN ('\w+') ELSE status END")
TARGET = re.compile(r"\bstatus = ('\w+')")
SOURCES = re.compile(r"\bstatus IN \(([^)]+)\)")
CLAIMED = "claim = %(token)s"


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    """Return (path of the module, node) for every node of the apps' syntax trees."""
    modules = [path for app in ("batches", "uploads", "vuemantics") for path in (ROOT / app).rglob("*.py")]
    trees = [(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())) for path in modules]
    return [(path, node) for path, tree in trees for node in ast.walk(tree)]


def calls(*names: str) -> list[tuple[str, ast.Call]]:
    """Return (path of the module, call) for every call of a function or method that has one of `names`."""
    found = [(path, node) for path, node in nodes() if isinstance(node, ast.Call)]
    return [(path, call) for path, call in found if getattr(call.func, "attr", getattr(call.func, "id", "")) in names]


def sql_updates() -> list[tuple[str, str, str]]:
    """Return (table, SET clause, rest up to RETURNING) for each UPDATE of a state in the engine's SQL."""
    modules = [import_module(each.name) for each in pkgutil.iter_modules(engine.__path__, "batches.engine.")]
    texts = {text for module in modules for text in vars(module).values() if isinstance(text, str)}
    updates = [groups for text in sorted(texts) for groups in UPDATE.findall(text)]
    return [(table, fields, rest) for table, fields, rest in updates if re.search(r"\bstatus =", fields)]


def edges_of(fields: str, rest: str) -> set[tuple[str, str]]:
    """Return (source, target) for each transition made by an UPDATE with the SET clause `fields` and this `rest`.

    If the UPDATE requires a claim, the source is `processing`, because only items in this state have one (constraint
    item_claimed_while_processing).
    """
    if case := CASE.search(fields):
        sources, target = case[1], case[2]
    else:
        [target] = TARGET.findall(fields)
        [sources] = [f"'{ItemStatus.PROCESSING.value}'"] if CLAIMED in rest else SOURCES.findall(rest)
    return {(source.strip("' "), target.strip("'")) for source in sources.split(",")}


def test_orm_updates_states_only_in_the_transitions() -> None:
    updates = {path for path, call in calls("update") if any(word.arg == "status" for word in call.keywords)}
    saves = calls("save", "asave", "bulk_update", "abulk_update")
    methods = [path for path, call in saves if path.startswith("batches/") and isinstance(call.func, ast.Attribute)]

    assert updates == {TRANSITIONS}
    assert methods == []


def test_no_dictionary_of_the_engine_holds_a_state_for_an_update() -> None:
    dictionaries = [node for path, node in nodes() if path.startswith("batches/engine/") and isinstance(node, ast.Dict)]
    keys = {ast.unparse(key) for node in dictionaries for key in node.keys if key is not None}

    assert "'error_code'" in keys
    assert "'status'" not in keys


@pytest.mark.slow
@pytest.mark.parametrize("function", MOVES)
def test_every_move_uses_declared_edges(function: str) -> None:
    moves = calls(function)
    states, sources = MOVES[function]

    assert len(moves) >= 4
    for _, call in moves:
        names = [ast.unparse(argument).removeprefix(f"{states.__name__}.") for argument in call.args[1:]]
        sources(*(states[name] for name in names))  # raises ValueError if an edge is not declared


def test_sql_updates_states_only_in_these_modules() -> None:
    texts = [(path, node.value) for path, node in nodes() if isinstance(node, ast.Constant)]

    assert {path for path, text in texts if isinstance(text, str) and WRITES_STATE.search(text)} == SQL_MODULES


def test_every_sql_update_of_a_state_uses_declared_edges() -> None:
    declared = {
        "batchitem": {(source.value, target.value) for source in ITEM_EDGES for target in ITEM_EDGES[source]},
        "uploadbatch": {(source.value, target.value) for source in BATCH_EDGES for target in BATCH_EDGES[source]},
    }
    updates = sql_updates()

    assert len(updates) == 10
    assert [fields for table, fields, rest in updates if not edges_of(fields, rest) <= declared[table]] == []
