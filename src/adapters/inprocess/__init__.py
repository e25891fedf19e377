"""What runs inside the API process where no Redis does it: the embedded default."""
