import django.db.models.deletion
from django.db import migrations, models

COMPRESSED = """
ALTER TABLE gateway_message SET (toast_tuple_target = 4080);
DO $$
BEGIN
    ALTER TABLE gateway_message ALTER COLUMN reply SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0002_presented"),
        ("institutions", "0001_initial"),
        ("settlements", "0003_undoes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="institution",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="institutions.institution",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="settlement",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="settlements.settlement",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="visit",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="settlements.visit",
            ),
        ),
        migrations.RunSQL(COMPRESSED, "ALTER TABLE gateway_message RESET (toast_tuple_target)"),
    ]
