"""What the use cases need of the world: one protocol per file, its errors beside it."""
