"""The HTTP API: one module per resource, wire structs beside their handlers."""
