"""The world behind the ports: one folder per technology. None imports another."""
