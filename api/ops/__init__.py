"""The operator's page: is it well, is the match saved, what is to be done now."""
