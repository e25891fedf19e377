"""Images by Pillow, and by our own reading of their containers."""
