"""The client in web/: led through the reference device's own stories, and against the real server."""
