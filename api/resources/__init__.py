"""The thin wrappers: club data over plain HTTP, each write a mutation, each view a fold of records."""
