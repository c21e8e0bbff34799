from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """What is under way out of a fund is asked at each order: only those transfers are read."""

    dependencies = [("clearing", "0002_kept")]
    operations = [
        migrations.AddIndex(
            "transfer",
            models.Index(
                fields=["scheme", "fund"],
                condition=Q(fen__gt=F("paid_fen") + F("rejected_fen")),
                name="transfer_under_way",
            ),
        )
    ]
