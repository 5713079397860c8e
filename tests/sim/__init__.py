"""A deterministic, seeded simulation of many phones and one server, with an oracle that knows nothing of the engine."""
