"""The tests of `api/identity/`, module by module."""
