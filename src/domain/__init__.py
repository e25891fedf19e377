"""Entities, value objects and invariants: what is always true of Mediaport."""
