"""The tests of `api/reference/`, module by module."""
