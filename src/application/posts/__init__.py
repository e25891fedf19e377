"""Posts, their feed, likes and comments, one use case per file."""
