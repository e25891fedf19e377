"""Request rates of all processes together, by the library `limits` on Redis."""
