"""PostgreSQL: the ports of `sync/` implemented, the embedded server, the migrations."""
