"""The HTTP floor: Litestar, accounts, settings and the command line; `app.py` alone joins the parts."""

from typing import Final

VERSION: Final = "0.1.0"
"""Of the server, as pyproject.toml has it; a backup says which one made it."""
