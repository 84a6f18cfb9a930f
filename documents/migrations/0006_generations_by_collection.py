from django.db import migrations

_TABLE = "search_generation"


def begin_anew(apps, schema_editor):
    """Take away the triggers that know one value only, and that value.

    What the release needs that runs from now on, it makes itself after ``migrate``. The value
    of everything had the id that is a collection's from here on.
    """
    if schema_editor.connection.vendor != "sqlite":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT type, name FROM sqlite_master WHERE name LIKE %s", [f"{_TABLE}%"])
        found = cursor.fetchall()
        for kind, name in found:
            if kind == "trigger":
                cursor.execute(f"DROP TRIGGER {name}")
        if ("table", _TABLE) in found:
            cursor.execute(f"DROP TABLE {_TABLE}")


class Migration(migrations.Migration):
    """A value of what can be found for each collection, in the place of one for all of them."""

    dependencies = [("documents", "0005_fair_queue_and_reconciliation")]
    operations = [migrations.RunPython(begin_anew, begin_anew)]
