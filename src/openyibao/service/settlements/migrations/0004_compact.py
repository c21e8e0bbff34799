import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

LINES_FROM_FACTS = """
ALTER TABLE settlements_settlement DISABLE TRIGGER settlement_appended_only;
UPDATE settlements_settlement SET line_ids = ARRAY(SELECT jsonb_array_elements_text(facts->'lines')::bigint)
WHERE facts ? 'lines';
ALTER TABLE settlements_settlement ENABLE TRIGGER settlement_appended_only;
"""
LINES_BACK = """
ALTER TABLE settlements_settlement DISABLE TRIGGER settlement_appended_only;
UPDATE settlements_settlement SET facts = facts || jsonb_build_object('lines', to_jsonb(line_ids))
WHERE reverses_id IS NULL;
ALTER TABLE settlements_settlement ENABLE TRIGGER settlement_appended_only;
UPDATE settlements_feeline SET settlement_id = s.id FROM settlements_settlement s
WHERE settlements_feeline.id = ANY (s.line_ids)
    AND NOT EXISTS (SELECT FROM settlements_settlement r WHERE r.reverses_id = s.id);
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
# A row that others name without a foreign key cannot go away. Most settlements reverse nothing: their nulls need no
# index. Replies and claims are compressed by lz4 where the server has it, and stay in their row up to half a page.
KEPT = """
CREATE TRIGGER history_stays BEFORE DELETE ON settlements_history FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER visit_stays BEFORE DELETE ON settlements_visit FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER institution_stays BEFORE DELETE ON institutions_institution
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER region_stays BEFORE DELETE ON organisation_region FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER law_appended_only BEFORE UPDATE OR DELETE ON settlements_law
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

ALTER TABLE settlements_settlement DROP CONSTRAINT IF EXISTS settlements_settlement_reverses_id_key;
ALTER TABLE settlements_settlement DROP CONSTRAINT IF EXISTS settlements_settlement_undoes_id_key;
CREATE UNIQUE INDEX settlement_reversed_once ON settlements_settlement (reverses_id) WHERE reverses_id IS NOT NULL;
CREATE UNIQUE INDEX settlement_undone_once ON settlements_settlement (undoes_id) WHERE undoes_id IS NOT NULL;
CREATE INDEX settlement_again ON settlements_settlement (original_id) WHERE original_id IS NOT NULL;
DO $$
DECLARE
    one regclass;
BEGIN
    FOR one IN SELECT indexrelid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE relname LIKE 'settlements\\_%\\_like' LOOP
        EXECUTE 'DROP INDEX ' || one;
    END LOOP;
END $$;

CREATE FUNCTION settlements_settle_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM settlements_visit WHERE id = NEW.visit_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'settlement %: no visit %', NEW.setl_id, NEW.visit_id USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF EXISTS (
        SELECT FROM settlements_settlement s WHERE s.visit_id = NEW.visit_id AND s.line_ids && NEW.line_ids
            AND NOT EXISTS (SELECT FROM settlements_settlement r WHERE r.reverses_id = s.id)
    ) THEN
        RAISE EXCEPTION 'settlement %: one of its lines is settled already', NEW.setl_id
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settlement_lines_once BEFORE INSERT ON settlements_settlement
    FOR EACH ROW WHEN (NEW.line_ids <> '{}') EXECUTE FUNCTION settlements_settle_once();
CREATE VIEW settlements_settledline AS
SELECT s.visit_id, unnest(s.line_ids) AS line_id, s.id AS settlement_id FROM settlements_settlement s
WHERE NOT EXISTS (SELECT FROM settlements_settlement r WHERE r.reverses_id = s.id);

ALTER TABLE settlements_settlement SET (toast_tuple_target = 4080);
ALTER TABLE settlements_feeline SET (toast_tuple_target = 4080);
DO $$
BEGIN
    ALTER TABLE settlements_settlement ALTER COLUMN reply SET COMPRESSION lz4;
    ALTER TABLE settlements_settlement ALTER COLUMN claim SET COMPRESSION lz4;
    ALTER TABLE settlements_visit ALTER COLUMN data SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
"""
BACK = """
DROP VIEW settlements_settledline;
DROP TRIGGER settlement_lines_once ON settlements_settlement;
DROP FUNCTION settlements_settle_once();
DROP TRIGGER history_stays ON settlements_history;
DROP TRIGGER visit_stays ON settlements_visit;
DROP TRIGGER institution_stays ON institutions_institution;
DROP TRIGGER region_stays ON organisation_region;
DROP TRIGGER law_appended_only ON settlements_law;
DROP INDEX settlement_again;
DROP INDEX settlement_reversed_once;
DROP INDEX settlement_undone_once;
ALTER TABLE settlements_settlement ADD CONSTRAINT settlements_settlement_reverses_id_key UNIQUE (reverses_id);
ALTER TABLE settlements_settlement ADD CONSTRAINT settlements_settlement_undoes_id_key UNIQUE (undoes_id);
ALTER TABLE settlements_settlement RESET (toast_tuple_target);
ALTER TABLE settlements_feeline RESET (toast_tuple_target);
"""


class Migration(migrations.Migration):
    """What a settlement writes becomes small: which lines it settled stands in itself, a bill is kept by what it was
    made of. Going back, bills stay as they are kept here, and an older program can't show those.
    """

    dependencies = [
        ("institutions", "0001_initial"),
        ("organisation", "0003_appended_only"),
        ("people", "0002_number"),
        ("settlements", "0003_undoes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Law",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("policy", models.CharField(max_length=100)),
                ("text", models.TextField()),
            ],
        ),
        migrations.AddField(
            model_name="feeline",
            name="split_by",
            field=models.CharField(default="", max_length=32),
        ),
        migrations.AddField(
            model_name="settlement",
            name="line_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None
            ),
        ),
        migrations.RunSQL(LINES_FROM_FACTS, LINES_BACK),
        migrations.RemoveField(
            model_name="feeline",
            name="settlement",
        ),
        migrations.AlterField(
            model_name="feeline",
            name="visit",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="settlements.visit",
            ),
        ),
        migrations.AlterField(
            model_name="history",
            name="person",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="people.person"),
        ),
        migrations.AlterField(
            model_name="history",
            name="region",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="organisation.region",
            ),
        ),
        migrations.AlterField(
            model_name="layerpaid",
            name="settlement",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="layers",
                to="settlements.settlement",
            ),
        ),
        migrations.AlterField(
            model_name="settlement",
            name="history",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="settlements.history",
            ),
        ),
        migrations.AlterField(
            model_name="settlement",
            name="institution",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="institutions.institution",
            ),
        ),
        migrations.AlterField(
            model_name="settlement",
            name="original",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="again",
                to="settlements.settlement",
            ),
        ),
        migrations.AlterField(
            model_name="settlement",
            name="visit",
            field=models.ForeignKey(
                db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="settlements.visit"
            ),
        ),
        migrations.AlterField(
            model_name="use",
            name="history",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="uses",
                to="settlements.history",
            ),
        ),
        migrations.AlterField(
            model_name="visit",
            name="institution",
            field=models.ForeignKey(
                db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="institutions.institution"
            ),
        ),
        migrations.RunSQL(KEPT, BACK),
    ]
