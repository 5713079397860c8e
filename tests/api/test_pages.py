"""The pages as they are served: light, guarded, asked for once, whole, and nothing beside what the tables name."""

import base64
import gzip
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import brotli  # type: ignore[import-untyped]
import httpx
import pytest
import zstandard
from msgspec.structs import replace

from api.app import Services, create_app
from api.pages.modules import bare, imports_of, reachable, resolve
from api.pages.routes import FIXED, KEPT
from api.pages.site import (
    APP_ENTRY,
    APP_PAGE,
    APP_PARTS,
    APP_POLICY,
    CONFIG_ADDRESS,
    FIXED_PARTS,
    POLICY,
    SITE,
    VIEWER_ENTRY,
    VIEWER_PAGE,
    VIEWER_PARTS,
    WORKER,
    Site,
    address,
    read_site,
)
from api.pages.tree import TYPES, WEB, media_type_of, read_tree
from api.settings import Settings
from tests.house.rules import ROOT

VIEWER_BYTES_MAX = 16 * 1024
"""What the viewer's page and all that it loads may weigh on the wire: eight seconds at 2 KB/s."""
APP_BYTES_MAX = 220 * 1024
"""The same of the app, with all its screens, before it works without signal: once, at home, twenty seconds at 10 KB/s
(a poor 3G line). At the pitch it is there already, and a new version comes when there is a line."""

VIEWER_VERSION, APP_VERSION = sorted(SITE.versions, key=lambda each: len(SITE.versions[each]))
ADDRESSES = {where for where in SITE.fixed if "{" not in where}
FILES = {address(version, name): SITE.files[name] for version, names in SITE.versions.items() for name in sorted(names)}
UNREACHED = {"sync/memory.js"}
"""Of the client's library, and for pages that may not store anything: the app need not load it."""

DECODE: Mapping[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "zstd": zstandard.ZstdDecompressor().decompress,
}

HOSTILE = (
    "../index.html", "..%2findex.html", "%2e%2e/%2e%2e/schema.sql", "..%5capp/main.js", "....//app/main.js",
    "/etc/passwd", "//etc/passwd", "app/main.js%00", "APP/MAIN.JS", "app/main.js.map", "index.html",
    "viewer/index.html", "app/main.j\u0455", "app/main.js/", "app//main.js", "app/./main.js", "./app/main.js",
    "app/../app/main.js", "app%2fmain%2ejs%20", "viewer/../app/main.js", "app\\main.js", "app/main.js;a=b", "app",
    "app/", "sync", ".", "~", "", "__init__.py", "sw.js", "app.webmanifest", "icons/icon.svg", "package.json",
    ".gitignore", "tests/world.js", "tests/package.json", "tests/tsconfig.json",
    "tests/node_modules/typescript/package.json", "../api/app.py", "../.env", "../tests/api/test_pages.py",
    "file:///etc/passwd", "con", "app/main.js::$DATA", "app/%6dain.js%2f",
)  # fmt: skip
"""None of them is a file here, however it is spelled."""


def loaded_by(page: str) -> set[str]:
    """Return the addresses that a page's head loads."""
    return set(re.findall(r'(?:href|src)="(/[^"]*)"', page))


def served_page(where: str) -> str:
    """Return a page as it is served."""
    return SITE.fixed[where].body.decode()


def policy_of(text: str) -> dict[str, str]:
    """Return the parts of a policy."""
    return {name: value for name, _, value in (part.partition(" ") for part in text.split("; "))}


@pytest.mark.parametrize(
    ("paths", "policy"), [(("/", "/join", "/join/", "/score", "/score/"), APP_POLICY), (("/m", "/m/"), POLICY)]
)
async def test_pages_are_served_under_their_policy(
    client: httpx.AsyncClient, paths: tuple[str, ...], policy: str
) -> None:
    """U10: a page is never kept unasked, not for search engines, with nothing in line, and no cookie."""
    for path in paths:
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["content-security-policy"] == policy
        assert answer.headers["x-robots-tag"] == "noindex"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers
        assert '<meta name="robots" content="noindex, nofollow">' in answer.text
        assert not re.search(r"\{\w+\}", answer.text)


async def test_the_apps_links_open_the_app(client: httpx.AsyncClient) -> None:
    """An invitation's and a scorer's link open the same page; whatever somebody's messenger adds to them, it opens."""
    first = await client.get("/")
    assert f"{address(APP_VERSION, APP_ENTRY)}" in first.text
    for path in ("/join", "/score", "/join?fbclid=abc&utm_source=x", "/?source=pwa"):
        answer = await client.get(path)
        assert (answer.status_code, answer.content) == (200, first.content), path
        assert answer.headers["etag"] == first.headers["etag"]
    assert (await client.get("/m?fbclid=abc")).status_code == 200
    assert (await client.get("/joined")).status_code == 404


async def test_the_api_names_itself_beside_the_app(client: httpx.AsyncClient) -> None:
    """What stood at the root before the app did is at `/api`, and each address that it names is there."""
    found = (await client.get("/api")).json()
    assert found["app"] == "/"
    for path in found.values():
        assert (await client.get(path)).status_code != 404, path


@pytest.mark.parametrize(
    ("policy", "own"),
    [
        (POLICY, {"script-src", "style-src", "img-src", "connect-src"}),
        (APP_POLICY, {"script-src", "style-src", "img-src", "connect-src", "manifest-src", "worker-src"}),
    ],
)
def test_the_policies_are_strict(policy: str, own: set[str]) -> None:
    """What is not named is refused; scripts, styles, images and lines come from the server itself."""
    parts = policy_of(policy)
    assert {"default-src", "base-uri", "form-action", "frame-ancestors"} <= parts.keys() - own
    assert {name for name, value in parts.items() if value == "'self'"} == own
    assert {value for name, value in parts.items() if name not in own} == {"'none'"}


def test_pages_keep_to_their_policy() -> None:
    """No script or style in line, no handler in an attribute, nothing from another server."""
    for name in (APP_PAGE, VIEWER_PAGE):
        page = (WEB / name).read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page), name
    for name, asset in [*SITE.files.items(), *SITE.fixed.items()]:
        if asset.media_type != "image/png":
            text = re.sub(r"^\s*/\*.*?\*/", "", asset.body.decode(), flags=re.MULTILINE | re.DOTALL)
            assert not re.findall(r"(?:https?:)?//(?!www\.w3\.org/\d+/svg)[\w-]+\.\w+", text), name
            assert not re.search(r"\beval\(|new Function|document\.write", text), name


def test_the_viewers_page_keeps_nothing() -> None:
    """No storage, no cookie, no markup made of text."""
    banned = r"localStorage|sessionStorage|indexedDB|\.cookie|innerHTML|outerHTML|insertAdjacent|serviceWorker"
    for name in SITE.versions[VIEWER_VERSION]:
        assert not re.search(banned, SITE.files[name].body.decode()), name


@pytest.mark.parametrize(("where", "version"), [("/", APP_VERSION), ("/m", VIEWER_VERSION)])
def test_a_page_names_all_that_it_loads(where: str, version: str) -> None:
    """Its head has each module of the graph, and each style; every import is there; nothing is served in vain."""
    page = served_page(where)
    [entry] = re.findall(rf'<script type="module" src="/v/{version}/([^"]+)"></script>', page)
    preloaded = re.findall(rf'<link rel="modulepreload" href="/v/{version}/([^"]+)">', page)
    assert preloaded[0] == entry
    assert len(preloaded) == len(set(preloaded))
    names = SITE.versions[version]
    bodies = {name: SITE.files[name].body for name in names}
    assert set(preloaded) == walk(bodies, entry)
    assert {name for name in names if name.endswith(".js")} - set(preloaded) <= UNREACHED
    styles = set(re.findall(rf'<link rel="stylesheet" href="/v/{version}/([^"]+)">', page))
    assert styles == {name for name in names if name.endswith(".css")}
    assert not [name for name in styles if b"@import" in bodies[name]]
    for each in loaded_by(page):
        assert each in FILES or each in SITE.fixed, each


def walk(bodies: Mapping[str, bytes], entry: str) -> set[str]:
    """Return all modules that are loaded from one on; a module that is missing fails."""
    found: set[str] = set()
    left = [entry]
    while left:
        name = left.pop()
        assert name in bodies, f"{name} is imported, and not served with its page"
        if name not in found:
            found.add(name)
            imports = imports_of(bodies[name].decode())
            assert all(each.startswith(("./", "../")) for each in imports), (name, imports)
            left += [resolve(name, each) for each in imports]
    return found


def test_imports_are_found_in_every_form() -> None:
    """One line or several, of all or of nothing, handed on or fetched later; types in comments are none."""
    text = """/** Says things. @typedef {import("./type.js").Type} Type */
import "./effect.js";
import { one } from "./one.js";
import whole, {
  two,
  three as four,
} from '../two.js';
import * as all from "./all.js";
export { five } from "./five.js";
export * from "./six.js";
export const seven = "from './seven.js'";
/**
 * @param {import("./other.js").Other} other
 */
const late = () => import("./late.js");
// import("./never.js")
"""
    found = ["./effect.js", "./one.js", "../two.js", "./all.js", "./five.js", "./six.js", "./late.js"]
    assert imports_of(bare(text.encode()).decode()) == found
    files = {
        "app/a.js": b'import "./b.js";\nimport "../c.js";',
        "app/b.js": b'import "./a.js";',
        "c.js": b"",
        "d.js": b"",
    }
    assert reachable(files, "app/a.js") == ["app/a.js", "app/b.js", "c.js"]


def test_comments_stay_at_home() -> None:
    """Comments with lines of their own are taken out, the lines stay; what only looks like one in code stays whole."""
    text = b"""/** A page.
 *  @type {import("./x.js").X} */
const a = "/* no comment */"; // stays
  // goes
  /* goes */
const b = /[/*]/.test(a) /* stays */ ? 1 : 2;
/**
 * goes ** too
 **/
export { a, b };
"""
    kept = b"""

const a = "/* no comment */"; // stays


const b = /[/*]/.test(a) /* stays */ ? 1 : 2;



export { a, b };
"""
    assert bare(text) == kept
    for path in [
        *WEB.glob("*.js"),
        *(each for part in (*APP_PARTS, *VIEWER_PARTS) for each in (WEB / part).rglob("*.js")),
    ]:
        source = path.read_bytes()
        assert bare(source).count(b"\n") == source.count(b"\n"), path
        assert not re.search(rb"@(?:typedef|param|returns)\b", bare(source)), path
        for template in re.findall(rb"`[^`]*`", bare(source)):
            assert template in source, f"{path}: a line of a template looks like a comment"


async def test_files_are_kept_for_a_year_under_their_version(client: httpx.AsyncClient) -> None:
    """Each has its type and an ETag of its bytes; under another version's address it is the same, and not kept."""
    for path, asset in FILES.items():
        answer = await client.get(path)
        name = path.split("/", 3)[3]
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].partition(";")[0] == media_type_of(name)
        assert answer.headers["cache-control"] == KEPT["Cache-Control"]
        source = (WEB / name).read_bytes()
        assert answer.content == asset.body == (bare(source) if name.endswith(".js") else source)
        assert hashlib.sha256(answer.content).hexdigest().startswith(answer.headers["etag"].strip('"'))
    for version in ("0123456789abcdef", VIEWER_VERSION):
        older = await client.get(address(version, APP_ENTRY))
        assert (older.status_code, older.headers["cache-control"]) == (200, "no-cache")
        assert older.headers["etag"] == SITE.files[APP_ENTRY].etag


async def test_fixed_addresses_are_asked_for_anew(client: httpx.AsyncClient) -> None:
    """Manifest, icons, worker and pages: each with its type, a strong ETag, and kept by nobody unasked."""
    assert len(ADDRESSES) == len(FIXED) - 1 + len(read_tree(WEB, ("icons",)))
    for path in sorted(ADDRESSES):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache"), path
        assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()[:32]}"'
        assert answer.headers["content-type"].partition(";")[0] in TYPES.values()
    assert (await client.get("/app.webmanifest")).headers["content-type"] == "application/manifest+json"
    assert (await client.get("/favicon.ico")).headers["content-type"] == "image/svg+xml"
    assert (await client.get("/icons/icon-192.png")).content[:8] == b"\x89PNG\r\n\x1a\n"


async def test_what_the_browser_has_is_not_sent_again(client: httpx.AsyncClient) -> None:
    """304 without a body for an ETag that is known, weak or among others; all of it for one that is not."""
    for path in (*sorted(ADDRESSES), *FILES):
        first = await client.get(path)
        etag = first.headers["etag"]
        assert not etag.startswith("W/")
        for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            answer = await client.get(path, headers={"if-none-match": known})
            assert (answer.status_code, answer.content) == (304, b"")
            for name in ("etag", "cache-control", "vary"):
                assert answer.headers[name] == first.headers[name]
            assert "content-encoding" not in answer.headers
        assert (await client.get(path, headers={"if-none-match": '"other"'})).status_code == 200


async def test_a_head_is_that_of_the_whole(settings: Settings, services: Services) -> None:
    """HEAD tells what GET would: the status, the type, the ETag and the length in the coding; and no other method."""
    app: Any = create_app(settings, services)
    for path in ("/", "/m/", "/sw.js", "/app.webmanifest", "/icons/icon-192.png", *list(FILES)[:3]):
        for coding in ("br", "gzip", "identity"):
            headers = {"accept-encoding": coding}
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
                whole, head = [await client.request(each, path, headers=headers) for each in ("GET", "HEAD")]
                known = await client.head(path, headers={"if-none-match": whole.headers["etag"]})
                posted = await client.post(path)
            changing = {"x-request-id", "date"}
            assert head.status_code == 200
            assert {name: value for name, value in head.headers.items() if name not in changing} == {
                name: value for name, value in whole.headers.items() if name not in changing
            }
            assert head.content == b""
            assert known.status_code == 304
            assert posted.status_code == 405


@pytest.mark.parametrize("coding", DECODE)
async def test_files_come_compressed_as_asked(client: httpx.AsyncClient, coding: str) -> None:
    """In each coding the bytes are those of the file; without one they come as they are; caches keep them apart."""
    for path, asset in {**FILES, **{each: SITE.fixed[each] for each in ADDRESSES}}.items():
        async with client.stream("GET", path, headers={"accept-encoding": coding}) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        is_coded = answer.headers.get("content-encoding") == coding
        assert is_coded is (asset.media_type != "image/png"), path
        assert int(answer.headers["content-length"]) == len(raw)
        assert (DECODE[coding](raw) if is_coded else raw) == asset.body
        assert "Accept-Encoding" in answer.headers["vary"]
        plain = await client.get(path, headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == asset.body


async def test_the_smallest_coding_comes_first(client: httpx.AsyncClient) -> None:
    """A browser that takes all gets brotli; one that weighs gets what it weighs most."""
    for asked, coding in (("gzip, deflate, br, zstd", "br"), ("gzip, br;q=0.5", "gzip"), ("zstd, gzip", "zstd")):
        async with client.stream("GET", "/", headers={"accept-encoding": asked}) as answer:
            assert answer.headers["content-encoding"] == coding


async def wire_bytes(client: httpx.AsyncClient, paths: list[str], coding: str) -> int:
    """Return what files weigh on the wire, without heads."""
    answers = [await client.head(path, headers={"accept-encoding": coding}) for path in paths]
    return sum(int(answer.headers["content-length"]) for answer in answers)


@pytest.mark.parametrize("coding", DECODE)
async def test_the_viewers_page_opens_on_a_thin_line(client: httpx.AsyncClient, coding: str) -> None:
    """Page, style, script and mark together are within the budget, in every coding."""
    paths = ["/m", *(path for path in FILES if VIEWER_VERSION in path)]
    assert len(paths) > len(read_tree(WEB, VIEWER_PARTS))
    assert await wire_bytes(client, paths, coding) <= VIEWER_BYTES_MAX


async def test_the_app_opens_on_a_poor_line(client: httpx.AsyncClient) -> None:
    """All that the app ever loads, and its worker, is within the budget."""
    paths = ["/sw.js", *(where for where in kept_by_worker() if where != CONFIG_ADDRESS)]
    assert await wire_bytes(client, paths, "br") <= APP_BYTES_MAX


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


async def test_nothing_but_the_tables_is_served(settings: Settings, services: Services) -> None:
    """No spelling of a path leads to another file: an address is a name in a table."""
    app = create_app(settings, services)
    assert await status_and_body(app, address(APP_VERSION, APP_ENTRY)) == (200, SITE.files[APP_ENTRY].body)
    for version in (APP_VERSION, "0123456789abcdef", "..", "%2e%2e", ".", "x" * 1_000):
        for name in HOSTILE:
            status, body = await status_and_body(app, f"/v/{version}/{name}")
            assert status == 404, (version, name)
            assert b'"code":"not_found"' in body
    for version in ("..", "abc", "0123456789abcde.", "x" * 17, "\u0660" * 16):
        assert (await status_and_body(app, address(version, APP_ENTRY)))[0] == 404
    for name in ("icon.svg%00", "..%2fsw.js", "../sw.js", "icon.png", ".", "%2e%2e", "ICON.SVG", "", "a/icon.svg"):
        assert (await status_and_body(app, f"/icons/{name}"))[0] == 404, name


def test_what_is_never_served() -> None:
    """Tests, types, notes, pages' templates, hidden files and other folders are in no table."""
    served = {*SITE.files, *(where.removeprefix("/") for where in SITE.fixed)}
    assert not [name for name in served if re.search(r"test|node_modules|\.json$|\.md$|\.ts$|\.html$|/\.|^\.", name)]
    assert {name.partition("/")[0] for name in SITE.files} <= {"app", "football", "sync", "touchline.js", "viewer"}


def test_a_tree_is_read_by_its_tables(tmp_path: Path) -> None:
    """Folders below a folder count; links, hidden files and other extensions do not; a missing part stops the start."""
    for name in ("a/one.js", "a/b/two.css", "a/.three.js", "a/one.test.js", "a/types.d.ts", "a/four.txt", "a/five.html",
                 "a/.b/six.js", "a/seven.js.map", "a/eight", "out/nine.js"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "a/linked.js").symlink_to(tmp_path / "out/nine.js")
    (tmp_path / "a/folder").symlink_to(tmp_path / "out")
    assert read_tree(tmp_path, ("a",)) == {"a/b/two.css": b"a/b/two.css", "a/one.js": b"a/one.js"}
    with pytest.raises(FileNotFoundError):
        read_tree(tmp_path, ("a", "missing.js"))


async def test_pages_are_no_part_of_the_api(client: httpx.AsyncClient) -> None:
    """The OpenAPI document lists no page."""
    document = (await client.get("/docs/openapi.json")).json()
    assert not [path for path in document["paths"] if not path.startswith(("/api", "/health/", "/metrics"))]


def copy_of(tmp_path: Path) -> Path:
    """Return a copy of all that is served."""
    return Path(shutil.copytree(WEB, tmp_path / "web", ignore=shutil.ignore_patterns("tests")))


def differing(one: Site, other: Site) -> set[str]:
    """Return the fixed addresses whose content differs."""
    return {where for where in one.fixed if one.fixed[where].etag != other.fixed[where].etag}


@pytest.mark.parametrize(
    "changed", ["app/main.js", "app/app.css", "sync/push.js", "touchline.js", "index.html", "icons/icon.svg", "sw.js"]
)
def test_any_change_makes_another_version(tmp_path: Path, changed: str) -> None:
    """The version is of all files, and so are page and worker: an app never meets modules of another one in a cache."""
    web = copy_of(tmp_path)
    before = read_site(web)
    assert before.versions == SITE.versions
    assert not differing(before, SITE)
    (web / changed).write_bytes((web / changed).read_bytes() + b"\n")
    after = read_site(web)
    own = {"/icons/icon.svg", "/favicon.ico"} if changed == "icons/icon.svg" else set()
    assert differing(before, after) == {"/", "/join", "/score", "/sw.js"} | own
    assert set(before.versions) & set(after.versions) == {VIEWER_VERSION}
    assert {name for name in before.files if before.files[name].etag != after.files[name].etag} <= {changed}


def test_what_both_pages_load_is_of_both_versions(tmp_path: Path) -> None:
    """A module that both import is kept under either version, and a change of it makes two new ones."""
    web = copy_of(tmp_path)
    shared = web / "football/shared.js"
    shared.write_text("export {};")
    for name in (APP_ENTRY, VIEWER_ENTRY):
        (web / name).write_bytes(b'import "../football/shared.js";\n' + (web / name).read_bytes())
    before = read_site(web)
    pages = "".join(before.fixed[where].body.decode() for where in ("/", "/m"))
    assert set(re.findall(r'"modulepreload" href="/v/(\w+)/football/shared.js"', pages)) == set(before.versions)
    assert all(before.is_kept(version, "football/shared.js") for version in before.versions)
    shared.write_text("export const changed = true;")
    assert not set(before.versions) & set(read_site(web).versions)


def test_the_viewers_version_is_its_own(tmp_path: Path) -> None:
    """Families load nothing anew when the coach's app changes; its worker changes with its own files alone."""
    web = copy_of(tmp_path)
    (web / "viewer/match.js").write_bytes(b"// another")
    after = read_site(web)
    assert differing(SITE, after) == {"/m"}
    assert set(SITE.versions) & set(after.versions) == {APP_VERSION}


def kept_by_worker() -> dict[str, str]:
    """Return what the worker keeps: address -> hash."""
    [told] = re.findall(r"^const FILES = /\*\* @type \{any\} \*/ \((\{.*\})\);$", served_page("/sw.js"), re.MULTILINE)
    found: dict[str, str] = json.loads(told)
    return found


async def test_the_worker_keeps_the_whole_app(client: httpx.AsyncClient) -> None:
    """It names each file of the version with the hash that a browser checks; all of them are there; nothing besides."""
    answer = await client.get("/sw.js")
    assert answer.headers["service-worker-allowed"] == "/"
    assert answer.headers["content-security-policy"] == APP_POLICY
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert f'const VERSION = "{APP_VERSION}";' in answer.text
    kept = kept_by_worker()
    own = {address(APP_VERSION, name) for name in SITE.versions[APP_VERSION]}
    assert kept.keys() == own | {"/", "/app.webmanifest", "/icons/icon.svg", CONFIG_ADDRESS}
    for where, digest in kept.items():
        answer = await client.get(where)
        assert answer.status_code == 200
        expected = f"sha256-{base64.b64encode(hashlib.sha256(answer.content).digest()).decode()}"
        assert digest == ("" if where == CONFIG_ADDRESS else expected)


async def test_the_manifest_names_what_is_there(client: httpx.AsyncClient) -> None:
    """Every icon is served, with the size it claims; the app starts, and its shortcut opens, within its scope."""
    manifest = (await client.get("/app.webmanifest")).json()
    assert (manifest["name"], manifest["start_url"], manifest["scope"]) == ("Touchline", "/", "/")
    assert [each["url"] for each in manifest["shortcuts"]] == ["/#/new"]
    icons = [*manifest["icons"], *(icon for each in manifest["shortcuts"] for icon in each["icons"])]
    for icon in icons:
        answer = await client.get(icon["src"])
        assert answer.headers["content-type"] == icon["type"]
        if icon["type"] == "image/png":
            width, height = (int.from_bytes(answer.content[at : at + 4], "big") for at in (16, 20))
            assert f"{width}x{height}" == icon["sizes"]
    assert "maskable" in {icon.get("purpose") for icon in icons}


async def test_pages_have_a_budget_of_their_own(settings: Settings, services: Services) -> None:
    """Thirty phones behind one router load the app at once, and nobody's requests to the API are counted with it."""
    app: Any = create_app(replace(settings, rate_factor=0.01), services)
    transport = httpx.ASGITransport(app=app, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        statuses = [(await client.head(path)).status_code for path in ["/", "/sw.js", *FILES] * 12][:401]
        assert statuses == [200] * 400 + [429]
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/api")).status_code == 200


def test_the_container_takes_what_is_served() -> None:
    """The image and its builder's context name each part of `web/` that the server reads, and no test."""
    named = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    context = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    parts = {*APP_PARTS, *VIEWER_PARTS, *FIXED_PARTS, APP_PAGE, WORKER}
    assert set(re.findall(r"\bweb/([\w.]+)", named)) == parts
    assert {line.removeprefix("!web/").strip("/") for line in context if line.startswith("!web/")} == parts


def _palettes() -> list[dict[str, str]]:
    """Return the colours of the style, in light and in dark."""
    style = (WEB / "viewer/page.css").read_text(encoding="utf-8")
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
