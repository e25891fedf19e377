"""The API beside its peer and its floor."""
