"""The repositories on SQLAlchemy Core: SQLite and PostgreSQL, one set of tables."""
