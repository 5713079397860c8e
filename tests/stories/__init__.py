"""The user stories, each in a test that names it, on the engine with both stores."""
