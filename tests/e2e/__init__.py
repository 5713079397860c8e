"""The viewer's page: its modules by node's own test runner, and judged by the server's Python."""
