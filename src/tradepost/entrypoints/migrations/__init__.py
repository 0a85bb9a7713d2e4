"""The database's schema, one numbered step after another (Alembic)."""
