"""The viewer's page as it is served: light, guarded, asked for once, and nothing beside what the manifest names."""

import gzip
import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import brotli  # type: ignore[import-untyped]
import httpx
import pytest
import zstandard

from api.app import Services, create_app
from api.pages import FILES, FOLDER, KEPT, PAGE, PAGES, POLICY, VERSION, Asset, read_pages
from api.settings import Settings

BUDGET_BYTES = 16 * 1024
"""What the page and all that it loads may weigh on the wire: eight seconds at 2 KB/s."""

DECODE: Mapping[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "zstd": zstandard.ZstdDecompressor().decompress,
}

HOSTILE = (
    "../index.html", "..%2findex.html", "%2e%2e/%2e%2e/schema.sql", "..%5cpage.js", "....//page.js", "/etc/passwd",
    "page.js%00", "PAGE.JS", "page.js.map", "index.html", "page.j\u0455", "page.js?", "__init__.py", ".", "", "~",
)  # fmt: skip


def assets() -> dict[str, Asset]:
    """Return all that is served."""
    return {PAGE: PAGES.page, **PAGES.files}


def address(name: str, version: str = PAGES.version) -> str:
    """Return where a file of the page is."""
    return f"/m/{version}/{name}"


def loaded_by(text: str) -> list[str]:
    """Return the files of the page's own folder that a text loads."""
    found = re.findall(rf"/m/{re.escape(VERSION)}/([\w.]+)|from '\./([\w.]+)'", text)
    return [one or other for one, other in found]


async def test_the_page_is_served_under_its_policy(client: httpx.AsyncClient) -> None:
    """U10: `/m/` and `/m` answer the page: never kept unasked, not for search engines, nothing in line, no cookie."""
    for path in ("/m", "/m/"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-robots-tag"] == "noindex"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers
        assert '<meta name="robots" content="noindex, nofollow">' in answer.text
        assert VERSION not in answer.text


def test_the_policy_is_strict() -> None:
    """What is not named is refused; scripts, styles, images and lines come from the server itself."""
    parts = {name: value for name, _, value in (part.partition(" ") for part in POLICY.split("; "))}
    own = {"script-src", "style-src", "img-src", "connect-src"}
    assert parts.keys() == own | {"default-src", "base-uri", "form-action", "frame-ancestors"}
    assert {name for name, value in parts.items() if value == "'self'"} == own
    assert {value for name, value in parts.items() if name not in own} == {"'none'"}


def test_the_page_keeps_to_its_policy() -> None:
    """No script or style in line, no handler in an attribute, nothing from another server, no storage, no cookie."""
    page = (FOLDER / PAGE).read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page)
    for name in (PAGE, *FILES):
        text = (FOLDER / name).read_text(encoding="utf-8")
        assert not re.findall(r"(?:https?:)?//(?!www\.w3\.org/2000/svg)[\w-]+\.\w+", text), name
        banned = (
            r"localStorage|sessionStorage|indexedDB|\.cookie|innerHTML|outerHTML|eval\(|new Function|insertAdjacent"
        )
        assert not re.search(banned, text), name
    assert "@import" not in (FOLDER / "page.css").read_text(encoding="utf-8")


def test_the_manifest_is_what_the_page_loads() -> None:
    """Every file of the folder is in the manifest, and every file of the manifest is loaded."""
    assert {each.name for each in FOLDER.iterdir()} == {PAGE, *FILES}
    loaded = {name for each in (PAGE, *FILES) for name in loaded_by((FOLDER / each).read_text(encoding="utf-8"))}
    assert loaded == FILES.keys()


async def test_files_are_kept_for_a_year_under_their_version(client: httpx.AsyncClient) -> None:
    """Each has its type and an ETag of its bytes; under another version's address it is the same, and not kept."""
    for name, media_type in FILES.items():
        answer = await client.get(address(name))
        assert answer.status_code == 200, name
        assert answer.headers["content-type"].partition(";")[0] == media_type
        assert answer.headers["cache-control"] == KEPT
        assert answer.content == (FOLDER / name).read_bytes()
        assert hashlib.sha256(answer.content).hexdigest().startswith(answer.headers["etag"].strip('"'))
        older = await client.get(address(name, "0123456789abcdef"))
        assert (older.status_code, older.headers["cache-control"]) == (200, "no-cache")


async def test_what_the_browser_has_is_not_sent_again(client: httpx.AsyncClient) -> None:
    """304 without a body for an ETag that is known, weak or among others; all of it for one that is not."""
    for path in ("/m/", *(address(name) for name in FILES)):
        etag = (await client.get(path)).headers["etag"]
        assert not etag.startswith("W/")
        for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            answer = await client.get(path, headers={"if-none-match": known})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] == etag
            assert "content-encoding" not in answer.headers
        assert (await client.get(path, headers={"if-none-match": '"other"'})).status_code == 200


@pytest.mark.parametrize("coding", DECODE)
async def test_files_come_compressed_as_asked(settings: Settings, client: httpx.AsyncClient, coding: str) -> None:
    """In each coding the bytes are those of the file; without one they come as they are; caches keep them apart."""
    for path, name in (("/m/", PAGE), *((address(name), name) for name in FILES)):
        async with client.stream("GET", path, headers={"accept-encoding": coding}) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        assert answer.headers["content-encoding"] == coding
        assert int(answer.headers["content-length"]) == len(raw)
        assert DECODE[coding](raw) == assets()[name].body
        assert "Accept-Encoding" in answer.headers["vary"]
        plain = await client.get(path, headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == assets()[name].body


@pytest.mark.parametrize("coding", DECODE)
def test_the_page_opens_on_a_thin_line(coding: str) -> None:
    """Page, style, script and mark together are within the budget, in every coding."""
    assert sum(len(each.coded[coding]) for each in assets().values()) <= BUDGET_BYTES


async def status_and_body(app: Any, path: str) -> tuple[int, bytes]:  # noqa: ANN401 - an ASGI application
    """Ask for a path as a server hands it on: no client has tidied it."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "scheme": "http", "http_version": "1.1", "asgi": {"version": "3.0"},
        "path": unquote(path), "raw_path": path.encode(), "root_path": "", "query_string": b"", "headers": [],
        "client": ("203.0.113.9", 1), "server": ("test", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


async def test_nothing_but_the_manifest_is_served(settings: Settings, services: Services) -> None:
    """No spelling of a path leads to another file: an address is a name in a table."""
    app = create_app(settings, services)
    assert await status_and_body(app, address("page.js")) == (200, PAGES.files["page.js"].body)
    for version in (PAGES.version, "0123456789abcdef", "..", "%2e%2e", ".", "x" * 1_000):
        for name in HOSTILE:
            status, body = await status_and_body(app, f"/m/{version}/{name}")
            assert status == 404, (version, name)
            assert b'"code":"not_found"' in body
    for version in ("..", "abc", "0123456789abcde.", "x" * 17, "\u0660" * 16):
        assert (await status_and_body(app, address("page.js", version)))[0] == 404


async def test_pages_are_no_part_of_the_api(client: httpx.AsyncClient) -> None:
    """The OpenAPI document lists no page."""
    document = (await client.get("/docs/openapi.json")).json()
    assert not [path for path in document["paths"] if path.startswith("/m")]


def test_any_change_makes_another_version(tmp_path: Path) -> None:
    """The version is of all files: a page never meets modules of another one in a cache."""
    for name in (PAGE, *FILES):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    assert read_pages(tmp_path).version == PAGES.version
    (tmp_path / "match.js").write_bytes(b"// another")
    changed = read_pages(tmp_path)
    assert changed.version != PAGES.version
    assert changed.page.etag != PAGES.page.etag
    assert changed.files["page.js"].etag == PAGES.files["page.js"].etag


def _palettes() -> list[dict[str, str]]:
    """Return the colours of the style, in light and in dark."""
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    found = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", part)) for part in (light, dark)]
    return [found[0], {**found[0], **found[1]}]


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    parts = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2, success criterion 1.4.3)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", _palettes(), ids=["light", "dark"])
def test_words_can_be_read_in_the_sun(palette: dict[str, str]) -> None:
    """WCAG AA, 4.5 to 1, for every pair of colours that words are in; 3 to 1 for marks."""
    words = [
        ("ink", "paper"), ("soft", "paper"), ("ink", "goal"), ("soft", "goal"), ("goal-ink", "goal"),
        ("chalk", "grass"), ("chalk", "grass-2"), ("chalk-soft", "grass"), ("chalk-soft", "grass-2"),
    ]  # fmt: skip
    for one, other in words:
        assert contrast(palette[one], palette[other]) >= 4.5, (one, other)
    for mark in ("yellow", "red"):
        assert contrast(palette[mark], palette["paper"]) >= 3, mark
    assert contrast("#3b2b00", "#fff3c4") >= 4.5
