"""What all processes share by Redis: hints to one another, and the counts of requests."""
