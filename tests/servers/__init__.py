"""Real servers for the tests, started and stopped by them, on free ports of this machine.

For each: the address that the environment names, else a binary on PATH or where packages put it,
else the one of a PyPI wheel, else docker.
"""
