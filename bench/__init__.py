"""Measurements beside peers, in one interleaved run each."""
