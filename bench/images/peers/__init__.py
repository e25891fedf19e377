"""Programs that make thumbnails one way each, and time it themselves. See `serving.py`."""
