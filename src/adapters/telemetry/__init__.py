"""What the product tells of itself while it works: numbers, spans, lines."""
