"""The embedded object store: a local folder that obeys the protocol of a bucket."""
