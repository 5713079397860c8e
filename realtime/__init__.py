"""WebSocket tails and feeds, and the fan-out to their readers; comes with live updates."""
