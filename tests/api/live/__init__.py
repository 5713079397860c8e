"""Tests of live sockets: a real server on a real port, and a client that no one here wrote."""
