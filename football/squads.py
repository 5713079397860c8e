"""A squad from a spreadsheet: CSV in, and for each row what it would do to the players of a team.

Columns are found by their names, in any order, in the words that people use; what nobody knows is told and left alone.
A row is a player who is there (by name, else by shirt number), and then only what differs is written, or a new one,
under an id that follows from the team and the name: the same file twice makes the same squad. A cell that is empty
writes nothing. A row with a problem is told with its column and what to do, and holds up no other row.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal
from uuid import uuid5

from msgspec import Struct

from football.collections import PLAYERS
from football.facts import Record
from football.ids import NAMESPACE
from football.vocabulary import POSITIONS
from sync.collections import Problem, Value, parse
from sync.errors import plain

ROWS_MAX: Final = 200
"""Rows of one import: three squads, and one push of at most 500 mutations."""

COLUMNS_MAX: Final = 50

SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "full_name": ("name", "full name", "player", "player name", "playername", "fullname"),
    "first_name": ("first name", "firstname", "forename", "given name"),
    "last_name": ("last name", "lastname", "surname", "family name"),
    "squad_number": (
        "number",
        "no",
        "nr",
        "#",
        "shirt",
        "shirt number",
        "shirt no",
        "squad number",
        "jersey",
        "kit no",
    ),
    "preferred_pos": ("position", "pos", "preferred position", "preferred pos", "role"),
    "dob": ("dob", "date of birth", "birth date", "birthdate", "birthday", "born", "d o b"),
}
"""Field -> the header names that mean it, in lower case, without punctuation."""

_MEANINGS: Final = {word: field for field, words in SYNONYMS.items() for word in (*words, field.replace("_", " "))}
_CODES: Final = {name.casefold(): code for code, name in POSITIONS.items()} | {
    code.casefold(): code for code in POSITIONS
}
_LINES: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""Lines with their ends; only these three end one, and no other of Unicode's does."""
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})", re.ASCII)

Act = Literal["create", "update", "same", "problem"]


class Trouble(Struct, frozen=True):
    """What is wrong in one place of the file, and what to do."""

    column: str | None
    """The column as the file names it; null: the row as a whole."""
    sentence: str


class Line(Struct, frozen=True):
    """What one row of the file would do."""

    row: int
    """As a spreadsheet counts, the header being row 1."""
    act: Act
    name: str = ""
    player_id: str | None = None
    matched_by: Literal["name", "number"] | None = None
    fields: Mapping[str, Value] = {}
    """What would be written."""
    was: Mapping[str, Value] = {}
    """What it would replace."""
    problems: tuple[Trouble, ...] = ()


class Sheet(Struct, frozen=True):
    """A file as it was read: its header, and rows of (number, cells by field)."""

    columns: Mapping[str, str]
    """Field -> the column's name in the file."""
    unknown: tuple[str, ...]
    """Columns that mean nothing here; they are left alone."""
    rows: tuple[tuple[int, Mapping[str, str]], ...]


def read_sheet(text: str) -> Sheet | Problem:
    """Read a CSV: comma, semicolon or tab, with quotes as in RFC 4180, perhaps a byte order mark.

    Returns the problem of a file that as a whole cannot be used.
    """
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    lines = _LINES.findall(text)
    head = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=head.count)
    try:
        # `strict` makes a quote that never ends a problem, and not half a file in one cell.
        rows = list(_numbered(csv.reader(lines, delimiter=delimiter, strict=True)))
    except csv.Error as error:
        return Problem("wrong_form", f"The file is not CSV: {plain(str(error))}. Save it as CSV again.")
    if not rows:
        return Problem("empty", "The file is empty. Its first row names the columns, such as: name,number,position,dob")
    (_, header), *body = rows
    if len(header) > COLUMNS_MAX:
        return Problem("too_many", f"The file has {len(header)} columns, and {COLUMNS_MAX} is the most.")
    if len(body) > ROWS_MAX:
        return Problem("too_many", f"The file has {len(body)} rows, and {ROWS_MAX} is the most. Send it in parts.")
    return _sheet(header, body)


def plan_squad(sheet: Sheet, team_id: str, squad: Sequence[Record]) -> list[Line]:
    """Return what each row would do to a squad, in the order of the file."""
    read = [_read_row(sheet, number, cells) for number, cells in sheet.rows]
    names = {_folded(str(fields["full_name"])) for _, fields, _ in read if "full_name" in fields}
    by_name = _grouped((_folded(player["full_name"]), player) for player in squad)
    # Somebody whose own name is in the file keeps their row: a number that moved on is not a new name for them. And a
    # number that several rows carry says nothing of who they are.
    given = Counter(fields.get("squad_number") for _, fields, _ in read)
    unnamed = [player for player in squad if _folded(player["full_name"]) not in names]
    by_number = _grouped((player["squad_number"], player) for player in unnamed if given[player["squad_number"]] == 1)
    by_number.pop(None, None)
    seen: dict[str, int] = {}
    return [_line(number, fields, problems, team_id, (by_name, by_number), seen) for number, fields, problems in read]


def player_id(team_id: str, name: str) -> str:
    """Return the id of a player whom an import creates."""
    return str(uuid5(NAMESPACE, f"squad:{team_id}:{_folded(name)}"))


def _numbered(reader: Iterable[list[str]]) -> Iterable[tuple[int, list[str]]]:
    """Yield the rows that hold something, counted as a spreadsheet shows them."""
    for number, cells in enumerate(reader, 1):
        if any(cell.strip() for cell in cells):
            yield number, cells


def _sheet(header: Sequence[str], body: Sequence[tuple[int, list[str]]]) -> Sheet | Problem:
    meanings = [_MEANINGS.get(_words(name)) for name in header]
    columns: dict[str, str] = {}
    for name, field in zip(header, meanings, strict=True):
        if field is not None and field in columns:
            return Problem(
                "twice", f"Two columns mean the same: {plain(columns[field], 50)!r} and {plain(name, 50)!r}."
            )
        if field is not None:
            columns[field] = plain(name.strip(), 50)
    if not columns.keys() & {"full_name", "first_name", "last_name"}:
        return Problem("no_names", "No column holds names. The first row names the columns; call one of them `name`.")
    rows = tuple((number, _cells(meanings, cells)) for number, cells in body)
    unknown = tuple(plain(name.strip(), 50) for name, field in zip(header, meanings, strict=True) if field is None)
    return Sheet(columns, tuple(name for name in unknown if name), rows)


def _cells(meanings: Sequence[str | None], cells: Sequence[str]) -> dict[str, str]:
    pairs = zip(meanings, cells, strict=False)
    return {field: text for field, cell in pairs if field is not None and (text := " ".join(cell.split()))}


def _read_row(sheet: Sheet, number: int, cells: Mapping[str, str]) -> tuple[int, dict[str, Value], list[Trouble]]:
    """Return the fields of a row in canonical form, and what is wrong with it."""
    fields: dict[str, Value] = {}
    problems: list[Trouble] = []
    parts = [cells[field] for field in ("first_name", "last_name") if field in cells]
    given = {**cells, "full_name": cells.get("full_name") or " ".join(parts)}
    for field in ("full_name", "squad_number", "preferred_pos", "dob"):
        if not given.get(field):
            continue
        found = _READERS[field](_unescaped(given[field]))
        if not isinstance(found, Problem):
            found = parse(PLAYERS.fields[field], field, found)
        if isinstance(found, Problem):
            column = sheet.columns.get(field) or sheet.columns.get("last_name") or sheet.columns.get("first_name")
            problems.append(Trouble(column, found.sentence))
        else:
            fields[field] = found
    if not given["full_name"]:
        column = next((sheet.columns[each] for each in ("full_name", "first_name") if each in sheet.columns), None)
        problems.append(Trouble(column, "This row has no name. Fill it in, or delete the row."))
    return number, fields, problems


Found = Mapping[Value, Sequence[Record]]


def _line(
    number: int,
    fields: dict[str, Value],
    problems: list[Trouble],
    team_id: str,
    known: tuple[Found, Found],
    seen: dict[str, int],
) -> Line:
    name = str(fields.get("full_name", ""))
    if problems:
        return Line(number, "problem", name=name, problems=tuple(problems))
    player, matched_by, trouble = _match(fields, *known)
    record = player_id(team_id, name) if player is None else str(player["id"])
    if trouble is None and record in seen:
        trouble = Trouble(None, f"This is the player of row {seen[record]}. Delete one of the two rows.")
    if trouble is not None:
        return Line(number, "problem", name=name, problems=(trouble,))
    seen[record] = number
    if player is None:
        return Line(number, "create", name, record, fields={**fields, "current_team": team_id})
    differing = {field: value for field, value in fields.items() if player[field] != value}
    if matched_by == "name":
        differing.pop("full_name", None)  # the same name in other letters is no other name
    was = {field: player[field] for field in differing}
    return Line(number, "update" if differing else "same", name, record, matched_by, differing, was)


def _match(
    fields: Mapping[str, Value], by_name: Found, by_number: Found
) -> tuple[Record | None, Literal["name", "number"] | None, Trouble | None]:
    """Return the player a row is about, how that is known, and what hinders it."""
    named = by_name.get(_folded(str(fields["full_name"])), ())
    number = fields.get("squad_number")
    if len(named) > 1:
        named = [player for player in named if player["squad_number"] == number]
        if len(named) != 1:
            return None, None, Trouble(None, "Two players of the squad have this name. Give the number of one of them.")
    if named:
        return named[0], "name", None
    numbered = by_number.get(number, ())
    return (numbered[0], "number", None) if len(numbered) == 1 else (None, None, None)


def _grouped(pairs: Iterable[tuple[Value, Record]]) -> dict[Value, list[Record]]:
    found: dict[Value, list[Record]] = {}
    for key, record in pairs:
        found.setdefault(key, []).append(record)
    return found


def _read_number(text: str) -> Value | Problem:
    stripped = text.removeprefix("#").strip()
    if not re.fullmatch("[0-9]{1,4}([.]0)?", stripped, re.ASCII):
        return Problem("wrong_type", "This is no shirt number. Give a whole number from 1 to 99, or leave it empty.")
    return int(stripped.removesuffix(".0"))


def _read_position(text: str) -> Value | Problem:
    code = _CODES.get(text.casefold())
    if code is None:
        return Problem("unknown_choice", f"This position is not known. Give one of {', '.join(POSITIONS)}.")
    return code


def _read_date(text: str) -> Value | Problem:
    """Return a date as the catalogue takes it; one with the year last is day first, as it is written at home."""
    found = _DAY_FIRST.fullmatch(text)
    written = f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}" if found else text
    if isinstance(parse(PLAYERS.fields["dob"], "dob", written), Problem):
        return Problem("wrong_form", "This is no date. Give it as 2015-04-23, or as 23/04/2015 with the day first.")
    return written


def _read_text(text: str) -> Value | Problem:
    return text


_READERS: Final = {
    "full_name": _read_text,
    "squad_number": _read_number,
    "preferred_pos": _read_position,
    "dob": _read_date,
}


def _unescaped(text: str) -> str:
    """Return a cell without the apostrophe that our own export puts before what looks like a formula."""
    return text[1:] if text[:1] == "'" and text[1:2] in {"=", "+", "-", "@"} else text


def _words(name: str) -> str:
    """Return a column's name in lower case, words apart by one space, without punctuation."""
    words = re.sub(r"[^\w#]+|_", " ", name.casefold()).split()
    return " ".join(words)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
