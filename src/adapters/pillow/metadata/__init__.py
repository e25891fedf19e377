"""What files say about pictures, by kind of metadata, and which of it may be published."""
