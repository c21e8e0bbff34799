from django.db import migrations


class Migration(migrations.Migration):
    """Numbers of persons, households, accounts and filings are drawn from one sequence."""

    dependencies = [("people", "0001_initial")]
    operations = [migrations.RunSQL("CREATE SEQUENCE people_number", "DROP SEQUENCE people_number")]
