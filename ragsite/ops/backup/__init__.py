"""Backups: one encrypted file with the database, the originals and a manifest of both."""
