"""Where things are in JPEG, PNG and WebP files, and how to take some of them out."""
