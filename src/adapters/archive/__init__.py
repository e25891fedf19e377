"""Archives of what a user has: a ZIP file, or a folder."""
