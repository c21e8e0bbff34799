from django.db import migrations

# As `settlements_case`: each step sees what was committed while the one before it waited.
FORWARD = """
CREATE FUNCTION settlements_opened(
    asked_mdtrt text, asked_psn text, asked_institution text, asked_day date, own_codes text[]
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    asked_id bigint;
    v record;
BEGIN
    SELECT x.id INTO asked_id FROM settlements_visit x JOIN people_person y ON y.id = x.person_id
    JOIN institutions_institution z ON z.id = x.institution_id
    WHERE x.mdtrt_id = asked_mdtrt AND z.code = asked_institution AND y.psn_no = asked_psn AND x.kind <> 'manual';
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT id, mdtrt_id, kind, state, person_id, coverage_id, institution_id, med_type, number, disease, begun,
        ended, data INTO v FROM settlements_visit WHERE id = asked_id FOR UPDATE;
    RETURN json_build_object(
        'visit', row_to_json(v),
        'person', (SELECT row_to_json(p) FROM (
            SELECT id, psn_no, certificate_type, certificate, name, sex, ethnicity, born FROM people_person
            WHERE id = v.person_id) p),
        'coverage', (SELECT row_to_json(c) FROM (
            SELECT id, person_id, region_id, scheme, insurance, kind, civil_servant, joined, facts
            FROM people_coverage WHERE id = v.coverage_id) c),
        'region', (SELECT json_build_array(r.id, r.xmin::text || ' ' || b.xmin::text) FROM people_coverage c
            JOIN organisation_region r ON r.id = c.region_id JOIN organisation_body b ON b.id = r.body_id
            WHERE c.id = v.coverage_id),
        'then', (SELECT json_build_array(c.id, c.suspended) FROM people_coverage c JOIN people_coverage o
            ON o.id = v.coverage_id AND c.insurance = o.insurance
            WHERE c.person_id = v.person_id AND c.period @> asked_day),
        'lines', (SELECT json_build_array(count(*), min((f.charged AT TIME ZONE INTERVAL '8 hours')::date))
            FROM settlements_feeline f WHERE f.visit_id = v.id),
        'identities', (SELECT json_agg(json_build_array(i.code, lower(i.period), upper(i.period)) ORDER BY i.id)
            FROM people_identity i WHERE i.person_id = v.person_id),
        'mapped', (SELECT json_agg(json_build_array(m.own_code, m.item_code, lower(m.period), upper(m.period)))
            FROM institutions_mapping m WHERE m.institution_id = v.institution_id AND m.own_code = ANY (own_codes))
    );
END $$;

CREATE FUNCTION settlements_person(asked_psn text, asked_insurance text, asked_day date) RETURNS json
LANGUAGE sql STABLE AS $$
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
    FROM people_coverage x WHERE x.person_id = p.id AND x.insurance = asked_insurance AND x.period @> asked_day
) c ON true
$$;
"""


class Migration(migrations.Migration):
    """What registering a visit and uploading to it ask of the database, in one call each."""

    dependencies = [("settlements", "0005_case"), ("people", "0002_number"), ("institutions", "0001_initial")]
    operations = [
        migrations.RunSQL(
            FORWARD,
            "DROP FUNCTION settlements_opened(text, text, text, date, text[]);"
            "DROP FUNCTION settlements_person(text, text, date)",
        )
    ]
