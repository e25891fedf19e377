"""Hints that processes pass to one another, by Redis."""
