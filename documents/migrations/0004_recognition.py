import django.db.models.deletion
import documents.types
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0003_dense_weight'),
    ]

    operations = [
        migrations.AddField(
            model_name='documentversion',
            name='needs_recognition',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='documentversion',
            name='recognised_pages',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AlterField(
            model_name='documentversion',
            name='stage',
            field=models.CharField(choices=[('waiting', 'Waiting'), ('extracting', 'Extracting'), ('recognising', 'Recognising'), ('chunking', 'Chunking'), ('embedding', 'Embedding'), ('indexing', 'Indexing'), ('done', 'Done')], default=documents.types.Stage['WAITING'], max_length=12),
        ),
        migrations.CreateModel(
            name='RecognisedPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('content', models.JSONField()),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recognitions', to='documents.documentversion')),
            ],
            options={
                'ordering': ['version', 'number'],
                'constraints': [models.UniqueConstraint(fields=('version', 'number'), name='one_recognition_per_page')],
            },
        ),
    ]
