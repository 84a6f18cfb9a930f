"""What the bundled SQLite can do, where Django's answer depends on the stdlib's one."""

from django.db.backends.sqlite3 import features
from sqlcipher3 import dbapi2 as Database


class DatabaseFeatures(features.DatabaseFeatures):
    """Django's answers, asked of the SQLite that is really used."""

    can_alter_table_drop_column = Database.sqlite_version_info >= (3, 35, 5)
    can_return_columns_from_insert = True
    can_return_rows_from_bulk_insert = True
    # The driver allows 250,000; SQLite's own default keeps single statements small.
    max_query_params = 32_766
