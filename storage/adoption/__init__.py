"""Taking over the database that a club already has: its rows become a club's first changes, in one transaction."""
