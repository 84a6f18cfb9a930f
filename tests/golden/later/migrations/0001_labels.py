import os
import time

import django.db.models.deletion
from django.db import migrations, models


def fill(apps, schema_editor):
    label = apps.get_model("later", "Label")
    for chunk in apps.get_model("documents", "Chunk").objects.order_by("pk"):
        label.objects.create(chunk=chunk, words=len(chunk.text.split()))
        time.sleep(float(os.environ.get("SECONDS_A_ROW", 0)))


class Migration(migrations.Migration):
    initial = True
    dependencies = [("documents", "__latest__")]
    operations = [
        migrations.CreateModel(
            "Label",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "chunk",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="documents.chunk",
                    ),
                ),
                ("words", models.PositiveIntegerField()),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
