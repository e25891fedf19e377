"""Kinds are what the settings say, and the places of an app show media of them.

No row is read or written: a CHECK goes by its name, on SQLite by the words of the table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = "ck_media_kind"
IS_BUILT_IN = "kind IN ('post_image', 'avatar')"
CHECK = f"CONSTRAINT {NAME} CHECK ({IS_BUILT_IN})"
NEXT = "CONSTRAINT ck_media_status"


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("media_id", ID, nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("place", name="pk_attachments"),
        sa.UniqueConstraint("media_id", name="uq_attachments_media_id"),
        sa.ForeignKeyConstraint(
            ["media_id"], ["media.id"], name="fk_attachments_media_id", ondelete="RESTRICT"
        ),
    )
    if op.get_bind().dialect.name == "sqlite":
        reword(f"{CHECK},", "")
    else:
        op.drop_constraint(op.f(NAME), "media", type_="check")


def downgrade() -> None:
    others = op.get_bind().scalar(sa.text(f"SELECT count(*) FROM media WHERE NOT {IS_BUILT_IN}"))  # noqa: S608 - our own words
    if others:
        raise RuntimeError(f"{others} media are of kinds that revision 0006 does not know")
    if op.get_bind().dialect.name == "sqlite":
        reword(NEXT, f"{CHECK},{NEXT}")
    else:
        op.create_check_constraint(op.f(NAME), "media", IS_BUILT_IN)
    op.drop_table("attachments")


def reword(old: str, new: str) -> None:
    """Change what SQLite keeps of a table, as its manual has it for CHECKs: no row is copied.

    https://www.sqlite.org/lang_altertable.html, under "Making Other Kinds Of Table Schema Changes".
    """
    connection = op.get_bind()
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    op.execute("PRAGMA writable_schema = ON")
    changed = connection.execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :old, :new)"
            " WHERE type = 'table' AND name = 'media' AND instr(sql, :old) > 0"
        ),
        {"old": old, "new": new},
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
    if changed.rowcount != 1:
        raise RuntimeError(f"the table media is not as revision 0006 made it: no {old!r}")
