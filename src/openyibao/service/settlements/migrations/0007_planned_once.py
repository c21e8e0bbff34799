from django.db import migrations

# Planning these takes longer than running them, and no value makes another plan better. A function in SQL is planned
# anew in each statement, one in PL/pgSQL once in each connection.
FUNCTIONS = (
    "settlements_case(bigint, text, text, text, text, date, boolean)",
    "settlements_opened(text, text, text, date, text[])",
    "settlements_person(text, text, date)",
    "ledger_post(text, timestamptz, date, text, bigint, text, text[], text[], text[], text[], text[], bigint[])",
)
PERSON = """
CREATE OR REPLACE FUNCTION settlements_person(asked_psn text, asked_insurance text, asked_day date) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT json_build_object(
            'person', row_to_json(p),
            'coverage', row_to_json(c),
            'region', (SELECT json_build_array(r.id, r.xmin::text || ' ' || b.xmin::text) FROM organisation_region r
                JOIN organisation_body b ON b.id = r.body_id WHERE r.id = c.region_id))
        FROM (
            SELECT id, psn_no, certificate_type, certificate, name, sex, ethnicity, born FROM people_person
            WHERE psn_no = asked_psn
        ) p LEFT JOIN LATERAL (
            SELECT id, person_id, region_id, scheme, insurance, kind, civil_servant, joined, facts, suspended
            FROM people_coverage x
            WHERE x.person_id = p.id AND x.insurance = asked_insurance AND x.period @> asked_day
        ) c ON true
    );
END $$;
"""


class Migration(migrations.Migration):
    """The functions of the hot path are planned once in each connection."""

    dependencies = [("settlements", "0006_opened"), ("ledger", "0004_post")]
    operations = [
        migrations.RunSQL(PERSON, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(
                f"ALTER FUNCTION {name} SET plan_cache_mode = force_generic_plan",
                f"ALTER FUNCTION {name} RESET plan_cache_mode",
            )
            for name in FUNCTIONS
        ),
    ]
