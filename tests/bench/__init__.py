"""The tests of `bench/`: its arithmetic, and that it runs."""
