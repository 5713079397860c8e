"""Commands for whoever looks after a server: backup, restore, doctor, clubs and users.

`place` finds the database they work on, `telling` says what came of it, to a person or as JSON.
"""
