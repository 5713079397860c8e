"""Grassroots football, pure: its records, and what follows from them. No await, clock, dice or I/O."""
