"""Django's PostgreSQL backend, which starts the embedded server if the portal has no other."""
