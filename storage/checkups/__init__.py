"""Checkups: what is well in a database and what is not, found without changing anything.

Reading order: findings (what a checkup says), database (the server and the schema), folding (a log against tables, as
values), logs (each club's log).
"""
