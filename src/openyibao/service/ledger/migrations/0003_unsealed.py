from django.db import migrations

FORWARD = """
CREATE VIEW ledger_unsealed AS
SELECT id, moment FROM ledger_entry WHERE id > coalesce((SELECT last FROM ledger_seal ORDER BY number DESC LIMIT 1), 0);
"""


class Migration(migrations.Migration):
    """Which entries wait for their seal, for whoever watches."""

    dependencies = [("ledger", "0002_kept")]
    operations = [migrations.RunSQL(FORWARD, "DROP VIEW ledger_unsealed")]
