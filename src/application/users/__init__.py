"""Accounts and profiles, one use case per file."""
