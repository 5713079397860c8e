"""The sync engine, pure: values in, values out. No await, no clock, no dice, no I/O; it knows no football."""
