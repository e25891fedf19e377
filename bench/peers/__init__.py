"""What `mediaport serve` is compared with. They import nothing of it."""
