"""Tests, in folders that mirror the packages; `make test` runs them."""
