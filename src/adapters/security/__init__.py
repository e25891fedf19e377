"""Accounts: slow password hashes and signed tokens."""
