"""The life of a media item, one use case per file."""
