import os
import time

from django.db import migrations, models


def fill(apps, schema_editor):
    for label in apps.get_model("later", "Label").objects.order_by("pk"):
        label.text = f"{label.words} words"
        label.save()
        time.sleep(float(os.environ.get("SECONDS_A_ROW", 0)))


class Migration(migrations.Migration):
    dependencies = [("later", "0001_labels")]
    operations = [
        migrations.AddField("Label", "text", models.CharField(default="", max_length=40)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
