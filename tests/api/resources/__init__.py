"""The tests of `api/resources/`, module by module."""
