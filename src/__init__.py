"""Mediaport: image uploads, straight to the object store, verified and with thumbnails."""

__version__ = "1.0.0"
