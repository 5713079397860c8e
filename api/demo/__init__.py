"""The demo: a real match, recorded by two phones without signal and brought together over a bad line."""
