"""Decoding in processes that may die: a pool of them, one of them, the program that it runs."""
