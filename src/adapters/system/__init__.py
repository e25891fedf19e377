"""The operating system's own services."""
