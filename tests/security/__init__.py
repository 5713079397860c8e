"""Nobody gets in where they do not belong: suites made of the routes themselves, and controls."""
