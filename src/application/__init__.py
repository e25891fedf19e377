"""Use cases and the ports they stand on. Standard library and domain alone."""
