import django.utils.timezone
from django.db import migrations, models


def keep_places(apps, schema_editor):
    """A question stands where it was asked. Nothing was asked again before there were places."""
    apps.get_model("chat", "Message").objects.update(place=models.F("created_at"))


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0003_quality'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='message',
            options={'ordering': ['place', 'created_at', 'id']},
        ),
        migrations.RemoveIndex(
            model_name='message',
            name='message_by_age',
        ),
        migrations.AddField(
            model_name='message',
            name='place',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.RunPython(keep_places, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['conversation', 'place'], name='message_by_place'),
        ),
    ]
