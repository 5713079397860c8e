"""The HTTP floor: Litestar, accounts, settings and the command line; `app.py` alone joins the parts."""
