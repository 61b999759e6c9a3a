"""Checks as files: their words, their expressions, their examples, and the frameworks that they answer."""
