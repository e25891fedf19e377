"""What hot statements ask for beside their row: what an owner has, and the sizes of variants."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COUNT = """
    INSERT INTO media_usage (owner_id, pending, pending_bytes, stored_bytes)
    SELECT {row}.owner_id,
        {sign} CASE {row}.status WHEN 'pending' THEN 1 ELSE 0 END,
        {sign} CASE {row}.status WHEN 'pending' THEN {row}.size_bytes ELSE 0 END,
        {sign} CASE {row}.status WHEN 'ready' THEN {row}.size_bytes ELSE 0 END
    WHERE true
    ON CONFLICT (owner_id) DO UPDATE SET
        pending = media_usage.pending + excluded.pending,
        pending_bytes = media_usage.pending_bytes + excluded.pending_bytes,
        stored_bytes = media_usage.stored_bytes + excluded.stored_bytes;
"""
TAKE, ADD = COUNT.format(row="OLD", sign="-"), COUNT.format(row="NEW", sign="+")
# By the event of a trigger: when it runs, and what it does.
TRIGGERS = {
    "INSERT": ("", ADD),
    "UPDATE": ("WHEN (OLD.status <> NEW.status OR OLD.size_bytes <> NEW.size_bytes)", TAKE + ADD),
    "DELETE": ("", TAKE),
}


def upgrade() -> None:
    op.create_table(
        "media_usage",
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=False),
        sa.Column("pending_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", name="pk_media_usage"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name="fk_media_usage_owner_id", ondelete="CASCADE"
        ),
    )
    op.add_column("media", sa.Column("variants", sa.Text()))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for event, (when, work) in TRIGGERS.items():
        name = f"media_usage_{event.lower()}"
        if is_sqlite:
            body = f"BEGIN {work} END"
        else:
            op.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN {work} RETURN NULL; END $$"
            )
            body = f"EXECUTE FUNCTION {name}()"
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON media FOR EACH ROW {when} {body}")
    # The triggers count what comes from here on: creating them has locked out whoever writes.
    op.execute(
        "INSERT INTO media_usage SELECT owner_id,"
        " count(*) FILTER (WHERE status = 'pending'),"
        " coalesce(sum(size_bytes) FILTER (WHERE status = 'pending'), 0),"
        " coalesce(sum(size_bytes) FILTER (WHERE status = 'ready'), 0)"
        " FROM media GROUP BY owner_id"
    )


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for event in TRIGGERS:
        name = f"media_usage_{event.lower()}"
        op.execute(f"DROP TRIGGER {name}" + ("" if is_sqlite else " ON media"))
        if not is_sqlite:
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_column("media", "variants")
    op.drop_table("media_usage")
