"""Live sockets over HTTP's upgrade: handshakes, who may read, and the server's own side of a socket."""
