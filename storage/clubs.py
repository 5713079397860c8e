"""The club of a transaction: row policies show the rows of the one club that `SET LOCAL app.club` names.

`SET LOCAL`, and not `set_config()`: a distributing PostgreSQL hands only the former on to its workers. The setting ends
with the transaction, so a pooled connection never carries a club to its next user.
"""

from uuid import UUID


def set_club_sql(club_id: str) -> str:
    """Return the statement that sets a transaction's club. Raises ValueError for anything but a UUID."""
    return f"SET LOCAL app.club = '{UUID(club_id)}'"
