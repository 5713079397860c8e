"""Benchmarks: what a push, a pull and a frame cost on this machine (`make bench`)."""
