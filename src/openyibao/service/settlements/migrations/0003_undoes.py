import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("settlements", "0002_appended_only"),
    ]

    operations = [
        migrations.AddField(
            model_name="settlement",
            name="original",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="again",
                to="settlements.settlement",
            ),
        ),
        migrations.AddField(
            model_name="settlement",
            name="undoes",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undone_by",
                to="settlements.settlement",
            ),
        ),
    ]
