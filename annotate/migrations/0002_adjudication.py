import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotate', '0001_initial'),
        ('corpus', '0002_need_job'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Consensus',
            fields=[
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='consensus', serialize=False, to='corpus.item')),
                ('grade', models.SmallIntegerField()),
                ('chance', models.FloatField(help_text='The posterior probability of the grade.')),
            ],
        ),
        migrations.CreateModel(
            name='Adjudication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('grade', models.SmallIntegerField(null=True)),
                ('cannot_judge', models.BooleanField(db_default=False, default=False)),
                ('note', models.TextField(blank=True, db_default='', default='')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('superseded_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='adjudications', to='corpus.item')),
            ],
            options={
                'indexes': [models.Index(fields=['item', '-id'], name='adjudication_of_item')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('superseded_at', None)), fields=('item',), name='one_current_adjudication'), models.CheckConstraint(condition=models.Q(models.Q(('cannot_judge', False), ('grade__isnull', False)), models.Q(('cannot_judge', True), ('grade', None)), _connector='OR'), name='adjudicated_grade_or_cannot_judge')],
            },
        ),
    ]
