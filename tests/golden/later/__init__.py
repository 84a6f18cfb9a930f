"""A later release, as far as the database is concerned: three migrations more, slow on purpose."""
