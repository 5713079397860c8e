"""The edge: what is decided about a request before anybody asks who sent it, and about an answer as it leaves."""
