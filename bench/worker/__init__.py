"""How fast thumbnails are there, and whether anyone waits for others."""
