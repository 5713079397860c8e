"""The Dockerfile without a container engine: read strictly, and its steps done again below a clean folder.

Reading order: dockerfile (the words that it uses), context (what reaches the builder), account (who stands in for its
user, and which Python for its own), image (what differs from one), steps and building, container (what runs in it).
"""
