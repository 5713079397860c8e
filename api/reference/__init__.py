"""The reference: the OpenAPI document with its page, and the pages under docs/ that are made of the code."""
