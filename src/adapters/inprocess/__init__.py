"""The thumbnail queue inside the API process: the embedded default."""
