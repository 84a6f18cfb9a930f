"""Django database backend over SQLCipher: current SQLite, sqlite-vec, encryption at rest."""
