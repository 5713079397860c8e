"""House rules as code: each looks at the whole tree, and each has its own test."""
