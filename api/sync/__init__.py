"""The sync routes under `/api/sync`: the exchange itself, and what a client asks about it."""
