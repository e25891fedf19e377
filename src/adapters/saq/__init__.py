"""The thumbnail queue over Redis by SAQ, for workers beside the API."""
