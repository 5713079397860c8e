"""Golden files of the wire: samples of every message, vectors for other languages, and the hash that guards both."""
