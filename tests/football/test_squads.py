"""A squad out of a spreadsheet: whatever the columns are called, what each row would do, and what is wrong with it."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from football.squads import ROWS_MAX, Line, Sheet, plan_squad, player_id, read_sheet
from sync.collections import Problem
from tests.football.builders import HOME


def sheet(text: str) -> Sheet:
    """Return a file that can be read."""
    found = read_sheet(text)
    assert isinstance(found, Sheet), found
    return found


def plan(text: str, *squad: dict[str, Any]) -> list[Line]:
    """Return what a file would do to a squad."""
    return plan_squad(sheet(text), HOME, squad)


def player(name: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a player of the squad."""
    return {"id": name, "full_name": name, "squad_number": None, "preferred_pos": None, "dob": None, **fields}


def problems(text: str, *squad: dict[str, Any]) -> list[tuple[int, str | None, str]]:
    """Return the problems of a file: row, column, sentence."""
    return [(line.row, each.column, each.sentence) for line in plan(text, *squad) for each in line.problems]


@pytest.mark.parametrize(
    "text",
    [
        "name,number,position,dob\nAda Byron,9,ST,2015-04-23\n",
        "Born;POS;Shirt No.;Player\r\n23/04/2015;striker;#9;Ada  Byron\r\n",
        "\N{ZERO WIDTH NO-BREAK SPACE}Number\tFull Name\tDate of Birth\tPosition\n9.0\tAda Byron\t23.4.2015\tst\n",
        '"name","number","position","dob"\r"Ada Byron","9","ST","2015-04-23"\r',
        "\n\nfirst_name,Surname,No,role,birthday\nAda,Byron,9,Striker,23-04-2015",
        "name,number,position,dob,e-mail\nAda Byron,9,ST,2015-04-23,a@b.example\n",
    ],
    ids=["comma", "semicolon", "tab and mark", "quotes", "two names", "more columns"],
)
def test_one_squad_in_the_words_of_many_spreadsheets(text: str) -> None:
    """Any order, any delimiter, the words that people use: the same player."""
    [line] = plan(text)
    assert (line.act, line.name, line.player_id) == ("create", "Ada Byron", player_id(HOME, "ada byron"))
    assert line.fields == {
        "full_name": "Ada Byron",
        "squad_number": 9,
        "preferred_pos": "ST",
        "dob": "2015-04-23",
        "current_team": HOME,
    }


def test_what_each_row_would_do() -> None:
    """New, changed, the same; by name in any letters, by number where the name is new; empty cells write nothing."""
    squad = [
        player("Ada", squad_number=9),
        player("Bea", squad_number=4, dob="2015-01-01"),
        player("Cleo Old", squad_number=7),
        player("Dora", squad_number=1),
    ]
    text = "name,number,dob\nADA,9,\nbea,5,\nCleo New,7,\nEve,1,\nDora,2,\nFay,,\n"
    lines = plan(text, *squad)
    assert [(line.row, line.act, line.matched_by, dict(line.was)) for line in lines] == [
        (2, "same", "name", {}),
        (3, "update", "name", {"squad_number": 4}),
        (4, "update", "number", {"full_name": "Cleo Old"}),
        (5, "create", None, {}),
        (6, "update", "name", {"squad_number": 1}),
        (7, "create", None, {}),
    ]
    assert lines[1].fields == {"squad_number": 5}
    assert lines[2].fields == {"full_name": "Cleo New"}


def test_a_number_of_two_rows_says_nothing() -> None:
    """Two new names under one number are two new players; nobody's name is overwritten by either."""
    assert [line.act for line in plan("name,number\nAda,7\nBea,7\n", player("Cleo", squad_number=7))] == ["create"] * 2
    [line] = plan("name\nAda\n", player("Bea"))
    assert line.act == "create"


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (",7,ST,", "Name", "no name"),
        ("Ada,100,ST,", "No", "1 to 99"),
        ("Ada,0,ST,", "No", "1 to 99"),
        ("Ada,seven,ST,", "No", "no shirt number"),
        ("Ada,7.5,ST,", "No", "no shirt number"),
        ("Ada,7,goalie,", "Pos", "Give one of GK"),
        ("Ada,7,ST,yesterday", "DOB", "day first"),
        ("Ada,7,ST,31/02/2015", "DOB", "day first"),
        ("Ada,7,ST,04/23/2015", "DOB", "day first"),
        ("x" * 101 + ",7,ST,", "Name", "at most 100"),
        ("A\x00da,7,ST,", "Name", "takes"),
    ],
    ids=str,
)
def test_a_problem_names_row_column_and_remedy(row: str, column: str, words: str) -> None:
    """The row as the spreadsheet counts it, the column as it is called there; the other rows are not held up."""
    text = f"Name,No,Pos,DOB\nBea,1,GK,\n{row}\nCleo,2,,\n"
    [(number, named, sentence)] = problems(text)
    assert (number, named) == (3, column)
    assert words in sentence
    assert [line.act for line in plan(text)] == ["create", "problem", "create"]


def test_rows_that_are_one_player() -> None:
    """The second row of a player is a problem that names the first; namesakes are told apart by number."""
    [(row, _, sentence)] = problems("name\nAda\nBea\nada\n")
    assert (row, "row 2" in sentence) == (4, True)
    twins = [{**player("Ada", squad_number=1), "id": "a"}, {**player("Ada", squad_number=2), "id": "b"}]
    assert "Two players" in problems("name\nAda\n", *twins)[0][2]
    [line] = plan("name,number,dob\nAda,2,2015-01-02\n", *twins)
    assert (line.act, line.player_id, dict(line.fields)) == ("update", "b", {"dob": "2015-01-02"})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        ("number,position\n7,ST\n", "no_names"),
        ("name,player\nAda,Ada\n", "twice"),
        ('name\n"Ada\n', "wrong_form"),
        ("name\n" + "x" * 140_000, "wrong_form"),
        ("name\n" + "Ada\n" * (ROWS_MAX + 1), "too_many"),
        ("name" + "," * 60 + "\n", "too_many"),
    ],
    ids=["empty", "blank", "no names", "twice", "quote", "long", "rows", "columns"],
)
def test_files_that_cannot_be_read(text: str, code: str) -> None:
    """The file as a whole is refused, with a sentence."""
    found = read_sheet(text)
    assert isinstance(found, Problem)
    assert found.code == code
    assert found.sentence.endswith((".", "dob"))


@given(st.text(max_size=200))
@example(",")  # cells, and nothing in them
@example(" \r\n;;\r\n")
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing that is sent as a file breaks the reader; every row that is read has a verdict."""
    for each in (text, f"name,number\n{text}"):
        found = read_sheet(each)
        if isinstance(found, Sheet):
            lines = plan_squad(found, HOME, [player("Ada")])
            assert [line.row for line in lines] == [number for number, _ in found.rows]
            assert all((line.act == "problem") == bool(line.problems) for line in lines)


NAMES = st.lists(st.sampled_from(["Ada", "Bea", "Cleo", "Dora", "Eve"]), max_size=5, unique=True)


@given(NAMES, st.randoms())
def test_the_same_file_again_changes_nothing(names: list[str], random: Any) -> None:  # noqa: ANN401
    """Applied, it leaves nothing to do, in whatever order its rows and columns are."""
    rows = [(name, str(n + 1)) for n, name in enumerate(names)]
    text = "".join(f"{name},{number}\n" for name, number in [("name", "number"), *rows])
    squad = [player("x", **{**line.fields, "id": line.player_id}) for line in plan(text)]
    assert [line.act for line in plan(text, *squad)] == ["same"] * len(names)
    shuffled = random.sample(rows, len(rows))
    turned = "".join(f"{number};{name}\n" for name, number in [("name", "number"), *shuffled])
    assert {line.act for line in plan(turned, *squad)} <= {"same"}


def test_our_own_export_comes_back() -> None:
    """The apostrophe that the export puts before what looks like a formula is taken off again."""
    [line] = plan("player,squad_number\n'-Ada,9\n")
    assert line.name == "-Ada"
