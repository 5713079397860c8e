"""The site: each page with all that it loads, under a version that is made of all their bytes.

A page and its modules belong together: the version stands in their addresses (`/v/{version}/app/main.js`), so modules
of two versions never meet, relative imports work, and each file is kept for a year. What has a fixed address is asked
for anew each time. The service worker is told all files of the app with their hashes, so a changed file changes it.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from api.pages.assets import Asset, make_asset
from api.pages.modules import bare, reachable
from api.pages.tree import HTML, SCRIPT, WEB, media_type_of, read_tree
from api.sync.config import CONFIG, describe_limits
from sync.messages import encode

APP_PAGE: Final = "index.html"
APP_ENTRY: Final = "app/main.js"
APP_PARTS: Final = ("app", "football", "sync", "touchline.js")
"""The coach's app, in `web/`: folders and files. A page also has what its modules import of the other's."""
VIEWER_PAGE: Final = "viewer/index.html"
VIEWER_ENTRY: Final = "viewer/page.js"
VIEWER_PARTS: Final = ("viewer",)
WORKER: Final = "sw.js"
FIXED_PARTS: Final = ("app.webmanifest", "icons")
"""What has an address of its own: an app that was installed goes on asking for its icons there."""
ICON: Final = "icons/icon.svg"
CACHED: Final = ("/app.webmanifest", f"/{ICON}")
"""What of that the app itself shows; the system asks for the other icons, when the app is installed."""
CONFIG_ADDRESS: Final = "/api/sync/config"
"""What the app's first page without signal needs to know of the server is kept beside its files."""

VERSION: Final = "{version}"
PRELOADS: Final = "{preloads}"
FILES: Final = '"{files}"'
"""What stands in the pages and in the worker for the version, the links to all modules, and the list of files."""
VERSION_LENGTH: Final = 16

ASK_AGAIN: Final = {"Cache-Control": "no-cache"}
_OWN: Final = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
_NONE: Final = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
POLICY: Final = f"{_OWN}; {_NONE}"
"""What a page may load. `connect-src 'self'` covers sockets to the same host; where a browser is too old to know
that, the page goes on with an event stream. The policy has no `unsafe`, so pages have no script or style in line."""
APP_POLICY: Final = f"{_OWN}; font-src 'none'; manifest-src 'self'; worker-src 'self'; {_NONE}"
"""The same for the app, which is installed and has a worker. The worker's own requests go by it too."""


class Site(Struct, frozen=True):
    """All that is served."""

    versions: Mapping[str, frozenset[str]]
    """Version -> the names of the files that are kept under it."""
    files: Mapping[str, Asset]
    """Name in `web/` -> the file, for `/v/{version}/{name}`."""
    fixed: Mapping[str, Asset]
    """Address -> what is there."""

    def is_kept(self, version: str, name: str) -> bool:
        """Tell whether a file's content under this version is for good."""
        return name in self.versions.get(version, ())


def read_site(web: Path = WEB) -> Site:
    """Read all that is served."""
    files, fixed = _read(web, (*APP_PARTS, *VIEWER_PARTS)), _read(web, FIXED_PARTS)
    [shell, worker] = _read(web, (APP_PAGE, WORKER)).values()
    [page] = _read(web, (VIEWER_PAGE,)).values()
    modules, viewer_modules = reachable(files, APP_ENTRY), reachable(files, VIEWER_ENTRY)
    app, viewer = _set_of(files, APP_PARTS, modules), _set_of(files, VIEWER_PARTS, viewer_modules)
    config = encode({**CONFIG, "limits": describe_limits()})
    version = version_of({**app, **fixed, APP_PAGE: shell, WORKER: worker, CONFIG_ADDRESS: config})
    viewer_version = version_of({**viewer, VIEWER_PAGE: page})
    assets = {name: _asset(name, body, {}) for name, body in files.items()}
    named = {f"/{name}": _asset(name, body, ASK_AGAIN) for name, body in fixed.items()}
    app_page = _page(shell, version, modules, APP_POLICY)
    cached = {"/": app_page, **{where: named[where] for where in CACHED}}
    cached |= {address(version, name): assets[name] for name in app}
    return Site(
        versions={version: frozenset(app), viewer_version: frozenset(viewer)},
        files=assets,
        fixed={
            **named,
            **dict.fromkeys(("/", "/join", "/score"), app_page),
            "/m": _page(page, viewer_version, viewer_modules, POLICY),
            "/sw.js": _worker(worker, version, cached),
            "/favicon.ico": named[f"/{ICON}"],
        },
    )


def _read(web: Path, parts: tuple[str, ...]) -> dict[str, bytes]:
    """Return files as they are served: modules without their comments."""
    return {name: bare(body) if name.endswith(".js") else body for name, body in read_tree(web, parts).items()}


def _set_of(files: Mapping[str, bytes], parts: tuple[str, ...], modules: list[str]) -> dict[str, bytes]:
    """Return the files of one page: those of its own parts, and the modules that it shares with the other."""
    return {name: body for name, body in files.items() if name.partition("/")[0] in parts or name in modules}


def version_of(files: Mapping[str, bytes]) -> str:
    """Return the version of files: a hash of all their names and bytes."""
    whole = hashlib.sha256()
    for name, body in sorted(files.items()):
        whole.update(b"%s\0%d\0%s" % (name.encode(), len(body), body))
    return whole.hexdigest()[:VERSION_LENGTH]


def address(version: str, name: str) -> str:
    """Return where a file of a version is."""
    return f"/v/{version}/{name}"


def _asset(name: str, body: bytes, headers: Mapping[str, str]) -> Asset:
    return make_asset(media_type_of(name), body, headers)


def _page(template: bytes, version: str, modules: list[str], policy: str) -> Asset:
    links = "\n".join(f'<link rel="modulepreload" href="{address(version, name)}">' for name in modules)
    text = template.decode().replace(PRELOADS, links).replace(VERSION, version)
    return make_asset(HTML, text.encode(), {**ASK_AGAIN, "Content-Security-Policy": policy})


def _worker(template: bytes, version: str, cached: Mapping[str, Asset]) -> Asset:
    told = {**{where: asset.integrity for where, asset in cached.items()}, CONFIG_ADDRESS: ""}
    text = template.decode().replace(FILES, encode(told).decode()).replace(VERSION, version)
    headers = {**ASK_AGAIN, "Content-Security-Policy": APP_POLICY, "Service-Worker-Allowed": "/"}
    return make_asset(SCRIPT, text.encode(), headers)


SITE: Final = read_site()
