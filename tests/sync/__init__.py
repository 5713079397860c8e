"""The tests of `sync/`, module by module: pure, without a service or an event loop."""
