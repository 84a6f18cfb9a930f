"""Sessions have a table of their own now: what is left in the old one opens nothing."""

from django.db import migrations


def forget(apps, schema_editor):
    apps.get_model("sessions", "Session").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_sessions_and_second_steps"),
        ("sessions", "0001_initial"),
    ]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
