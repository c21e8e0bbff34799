from django.db import migrations

# One statement of PL/pgSQL for each step, so that each sees what was committed while the one before it waited for its
# lock: visit, history, accounts, always in this order. Without `keep` nothing is locked and nothing is written.
FORWARD = """
CREATE FUNCTION settlements_case(
    asked_id bigint, asked_mdtrt text, asked_psn text, asked_institution text, asked_batch text, today date,
    keep boolean
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    v record;
    p record;
    c record;
    h record;
    settled bigint[];
BEGIN
    IF asked_id IS NULL THEN
        SELECT x.id INTO asked_id FROM settlements_visit x JOIN people_person y ON y.id = x.person_id
        JOIN institutions_institution z ON z.id = x.institution_id
        WHERE x.mdtrt_id = asked_mdtrt AND z.code = asked_institution AND y.psn_no = asked_psn AND x.kind <> 'manual';
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    IF keep THEN
        SELECT id, mdtrt_id, kind, state, person_id, coverage_id, institution_id, med_type, number, disease, begun,
            ended, data INTO v FROM settlements_visit WHERE id = asked_id FOR UPDATE;
    ELSE
        SELECT id, mdtrt_id, kind, state, person_id, coverage_id, institution_id, med_type, number, disease, begun,
            ended, data INTO v FROM settlements_visit WHERE id = asked_id;
    END IF;
    SELECT id, psn_no, certificate_type, certificate, name, sex, ethnicity, born INTO p FROM people_person
    WHERE id = v.person_id;
    SELECT id, person_id, region_id, scheme, insurance, kind, civil_servant, joined, facts INTO c FROM people_coverage
    WHERE id = v.coverage_id;
    IF keep THEN
        SELECT id, last_number INTO h FROM settlements_history
        WHERE person_id = v.person_id AND region_id = c.region_id AND scheme = c.scheme FOR UPDATE;
        IF NOT FOUND THEN
            INSERT INTO settlements_history (person_id, region_id, scheme, last_number)
            VALUES (v.person_id, c.region_id, c.scheme, 0) ON CONFLICT DO NOTHING;
            SELECT id, last_number INTO h FROM settlements_history
            WHERE person_id = v.person_id AND region_id = c.region_id AND scheme = c.scheme FOR UPDATE;
        END IF;
        PERFORM FROM people_account a WHERE a.region_id = c.region_id AND (
            NOT a.family AND a.owner_id = v.person_id OR a.family AND a.id IN (
                SELECT m.account_id FROM people_account_members m WHERE m.person_id = v.person_id))
        ORDER BY a.id FOR UPDATE;
    ELSE
        SELECT id, last_number INTO h FROM settlements_history
        WHERE person_id = v.person_id AND region_id = c.region_id AND scheme = c.scheme;
    END IF;
    SELECT array_agg(l.line_id) INTO settled FROM settlements_settledline l WHERE l.visit_id = v.id;
    RETURN json_build_object(
        'visit', row_to_json(v),
        'person', row_to_json(p),
        'coverage', row_to_json(c),
        'region', (SELECT json_build_array(r.id, r.xmin::text || ' ' || b.xmin::text) FROM organisation_region r
            JOIN organisation_body b ON b.id = r.body_id WHERE r.id = c.region_id),
        'history', CASE WHEN h.id IS NULL THEN NULL ELSE json_build_array(h.id, h.last_number) END,
        'uses', (SELECT json_agg(json_build_array(u.key, u.fen)) FROM settlements_use u WHERE u.history_id = h.id),
        'accounts', (
            SELECT json_agg(json_build_array(a.id, a.number, a.family, a.balance_fen) ORDER BY a.family, a.id)
            FROM people_account a WHERE a.region_id = c.region_id AND (
                NOT a.family AND a.owner_id = v.person_id OR a.family AND a.id IN (
                    SELECT m.account_id FROM people_account_members m WHERE m.person_id = v.person_id))),
        'identities', (SELECT json_agg(json_build_array(i.code, lower(i.period), upper(i.period)) ORDER BY i.id)
            FROM people_identity i WHERE i.person_id = v.person_id),
        'earlier', EXISTS (
            SELECT FROM settlements_settlement s WHERE s.visit_id = v.id AND s.reverses_id IS NULL
                AND NOT EXISTS (SELECT FROM settlements_settlement r WHERE r.reverses_id = s.id)),
        'share', (SELECT a.over_limit_borne_bp FROM institutions_agreement a
            WHERE a.institution_id = v.institution_id AND a.state = 'in force' AND a.period @> today
            ORDER BY a.id LIMIT 1),
        'lines', (
            SELECT json_agg(json_build_array(g.day, g.split_by, g.refunds, g.ids, g.amount, g.own, g.over, g.pre, g.scope))
            FROM (
                SELECT (f.charged AT TIME ZONE INTERVAL '8 hours')::date AS day, f.split_by,
                    bool_or(f.data ? 'refund_of') AS refunds, array_agg(f.id ORDER BY f.id) AS ids,
                    sum(f.amount_fen) AS amount, sum(f.fully_self_paid_fen) AS own, sum(f.over_limit_fen) AS over,
                    sum(f.pre_self_paid_fen) AS pre, sum(f.in_scope_fen) AS scope
                FROM settlements_feeline f
                WHERE f.visit_id = v.id AND (asked_batch IS NULL OR f.batch = asked_batch)
                    AND (settled IS NULL OR f.id <> ALL (settled))
                GROUP BY 1, 2
            ) g),
        'next', CASE WHEN keep THEN json_build_array(
            nextval('settlements_settlement_id_seq'), nextval('settlements_setl_id')) END
    );
END $$;
"""


class Migration(migrations.Migration):
    """All that settling a visit asks of the database, locked and read in one round trip."""

    dependencies = [("settlements", "0004_compact"), ("people", "0002_number"), ("institutions", "0001_initial")]
    operations = [
        migrations.RunSQL(FORWARD, "DROP FUNCTION settlements_case(bigint, text, text, text, text, date, boolean)")
    ]
