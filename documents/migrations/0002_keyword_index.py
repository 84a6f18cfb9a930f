from django.db import migrations

from documents.index.schema import KEYWORD_TABLE, SCOPE_TABLE, create_keyword_table


def make(apps, schema_editor):
    create_keyword_table(schema_editor.connection)


def drop(apps, schema_editor):
    for table in (KEYWORD_TABLE, SCOPE_TABLE):
        schema_editor.execute(f"DROP TABLE IF EXISTS {table}")


class Migration(migrations.Migration):
    """The full-text index and the table that scopes it: no model describes them."""

    dependencies = [("documents", "0001_initial")]
    operations = [migrations.RunPython(make, drop)]
