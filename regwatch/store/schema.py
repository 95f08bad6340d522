"""The tables, and how an older database becomes a current one.

What is asked for stands in columns of its own; the rest is the value itself, in MessagePack, which
tolerates fields added later.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    false,
    insert,
    inspect,
    select,
    update,
)

from regwatch.store.errors import StoreVersionError

metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, nullable=False))

extensions = Table(
    "extensions",
    metadata,
    Column("account", String, primary_key=True),
    Column("extension_id", Integer, primary_key=True, autoincrement=False),
    Column("state", String, nullable=False),
    Column("answered_at", Float),
    Column("watched", LargeBinary, nullable=False),
    Column("memory", LargeBinary, nullable=False),
    Column("revision", Integer, nullable=False, server_default="0"),
)

answer_times = Table(
    "answer_times",
    metadata,
    Column("account", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
    Column("times", LargeBinary, nullable=False),
)
"""Packed, some thousand extensions each. They hold for a row of an earlier revision; a row of a
later one is newer than they are, whatever the clock was set to in between.
"""

incidents = Table(
    "incidents",
    metadata,
    Column("id", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("state", String, nullable=False),
    Column("resolved_at", Float),
    Column("incident", LargeBinary, nullable=False),
    Index("incidents_by_state", "state", "resolved_at"),
)

notified = Table(
    "notified",
    metadata,
    Column("incident_id", String, primary_key=True),
    Column("receiver", String, primary_key=True),
    Column("resolved_at", Float),
    Column("notified", LargeBinary, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("notification_id", String, nullable=False, unique=True),
    Column("receiver", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Float, nullable=False),
    Column("settled_at", Float),
    Column("error", String, nullable=False),
    Column("notification", LargeBinary, nullable=False),
    Column("may_have_arrived", Boolean, nullable=False, server_default=false()),
    Column("refused_at", Float),
    Index("outbox_unsettled", "receiver", "settled_at", "id"),
    sqlite_autoincrement=True,
)

forwarded = Table(
    "forwarded",
    metadata,
    Column("receiver", String, primary_key=True),
    Column("incident_id", String, primary_key=True),
)

unheard = Table(
    "unheard",
    metadata,
    Column("receiver", String, primary_key=True),
    Column("in_place_of", String, primary_key=True),
    Column("incident_id", String, primary_key=True),
)

memos = Table(
    "memos",
    metadata,
    Column("receiver", String, primary_key=True),
    Column("group_key", String, primary_key=True),
    Column("written_at", Float, nullable=False),
    Column("text", String, nullable=False),
)

history = Table(
    "history",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("account", String, nullable=False),
    Column("extension_id", Integer),
    Column("incident_id", String),
    Column("happening", LargeBinary, nullable=False),
    Index("history_by_time", "at"),
    Index("history_by_extension", "account", "extension_id", "at"),
    Index("history_by_incident", "incident_id", "at"),
)

silences = Table(
    "silences",
    metadata,
    Column("id", String, primary_key=True),
    Column("ends_at", Float, nullable=False),
    Column("silence", LargeBinary, nullable=False),
)


def _create_all(connection: Connection) -> None:
    metadata.create_all(connection)


def _add_memos(connection: Connection) -> None:
    memos.create(connection, checkfirst=True)


def _add_history(connection: Connection) -> None:
    for table in (history, silences):
        table.create(connection, checkfirst=True)


def _add_refusals(connection: Connection) -> None:
    forwarded.create(connection, checkfirst=True)
    known = {column["name"] for column in inspect(connection).get_columns("outbox")}
    if "refused_at" not in known:
        flag = "ALTER TABLE outbox ADD COLUMN may_have_arrived BOOLEAN NOT NULL DEFAULT 0"
        connection.exec_driver_sql(flag)
        connection.exec_driver_sql("ALTER TABLE outbox ADD COLUMN refused_at FLOAT")
        # Whether they arrived was not noted then: sent again as they are, not merged away.
        connection.exec_driver_sql("UPDATE outbox SET may_have_arrived = 1 WHERE attempts > 0")


def _add_unheard(connection: Connection) -> None:
    unheard.create(connection, checkfirst=True)


def _add_answer_times(connection: Connection) -> None:
    answer_times.create(connection, checkfirst=True)
    known = {column["name"] for column in inspect(connection).get_columns("extensions")}
    if "revision" not in known:
        revision = "ALTER TABLE extensions ADD COLUMN revision INTEGER NOT NULL DEFAULT 0"
        connection.exec_driver_sql(revision)


MIGRATIONS: Sequence[Callable[[Connection], None]] = (
    _create_all,
    _add_memos,
    _add_history,
    _add_refusals,
    _add_unheard,
    _add_answer_times,
)
"""Migration n leads from version n to version n + 1. Never change one that was released: add."""


def migrate(connection: Connection) -> None:
    """Bring the database to the current version; raises `StoreVersionError` if it is newer."""
    schema_version.create(connection, checkfirst=True)
    version = connection.execute(select(schema_version.c.version)).scalar()
    if version is None:
        connection.execute(insert(schema_version).values(version=0))
        version = 0
    refuse_newer(version)
    for migration in MIGRATIONS[version:]:
        migration(connection)
    connection.execute(update(schema_version).values(version=len(MIGRATIONS)))


def refuse_newer(version: int) -> None:
    """Raises `StoreVersionError` if a newer regwatch made it."""
    if version > len(MIGRATIONS):
        raise StoreVersionError(
            f"the database has schema version {version}, this regwatch knows up to "
            f"{len(MIGRATIONS)}: use the newer regwatch that made it, or another file"
        )
