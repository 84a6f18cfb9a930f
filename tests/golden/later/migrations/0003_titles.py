import os
import time

from django.db import migrations, models


def fill(apps, schema_editor):
    for document in apps.get_model("documents", "Document").objects.order_by("pk"):
        document.save()
        time.sleep(float(os.environ.get("SECONDS_A_ROW", 0)))


class Migration(migrations.Migration):
    dependencies = [("later", "0002_text")]
    operations = [
        # SQLite cannot change a column: the table is written anew, with all that refers to it.
        migrations.AlterField("Label", "words", models.PositiveBigIntegerField()),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField("Label", "words", models.PositiveIntegerField()),
    ]
