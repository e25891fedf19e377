"""How Mediaport is started and used: settings, the object graph, HTTP, the command line."""
