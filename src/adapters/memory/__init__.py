"""In-memory fakes of every port: for tests, and for a playground without files."""
