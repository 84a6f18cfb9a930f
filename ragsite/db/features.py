"""What the bundled SQLite can do, where Django's answer depends on the stdlib's one."""

from django.db.backends.sqlite3 import features


class DatabaseFeatures(features.DatabaseFeatures):
    """Django's answers, asked of the SQLite that is really used.

    ``driver.check_sqlite_version`` refuses any that is too old for them.
    """

    can_alter_table_drop_column = True
    can_return_columns_from_insert = True
    can_return_rows_from_bulk_insert = True
    # Known without asking: a system check needs no connection to answer.
    supports_json_field = True
    # The driver allows 250,000; SQLite's own default keeps single statements small.
    max_query_params = 32_766
