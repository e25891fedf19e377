"""CloudFront in front of a private bucket: whom it lets read."""
