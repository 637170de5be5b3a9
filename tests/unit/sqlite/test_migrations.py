from pathlib import Path

import pytest

from rawr.sqlite import (
    Database,
    MigrationChanged,
    MigrationFailed,
    MigrationInvalid,
    MigrationSet,
    SchemaOutdated,
    SchemaTooNew,
    StorageUnavailable,
    connect,
)


def migration_set(directory: Path, component: str = "shop", **files: str) -> MigrationSet:
    directory.mkdir(exist_ok=True)
    for name, sql in files.items():
        (directory / f"{name.removeprefix('m')}.sql").write_text(sql)
    return MigrationSet(component=component, directory=directory)


async def upgrade(path: Path, *sets: MigrationSet, verify_only: bool = False) -> None:
    async with await Database.open(path, migrations=sets, verify_only=verify_only):
        pass


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = connect(path, read_only=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "shop.db"


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "shop"


async def test_migrations_apply_in_order_and_only_once(path, directory):
    shop = migration_set(
        directory,
        m0001_create="CREATE TABLE items (id INTEGER) STRICT;",
        m0002_fill="INSERT INTO items VALUES (1); INSERT INTO items VALUES (2);",
    )
    await upgrade(path, shop)
    await upgrade(path, shop)
    assert rows(path, "SELECT id FROM items") == [(1,), (2,)]
    applied = rows(path, "SELECT component, version, name FROM schema_migrations")
    assert applied == [("shop", 1, "create"), ("shop", 2, "fill")]


async def test_a_later_release_adds_to_an_existing_database(path, directory):
    await upgrade(path, migration_set(directory, m0001_create="CREATE TABLE items (id INTEGER);"))
    await upgrade(path, migration_set(directory, m0002_fill="INSERT INTO items VALUES (7);"))
    assert rows(path, "SELECT id FROM items") == [(7,)]


async def test_components_share_a_file_and_count_apart(path, tmp_path):
    await upgrade(
        path,
        migration_set(tmp_path / "a", "runs", m0001_create="CREATE TABLE runs (id INTEGER);"),
        migration_set(tmp_path / "b", "shop", m0001_create="CREATE TABLE items (id INTEGER);"),
    )
    assert rows(path, "SELECT component, version FROM schema_migrations") == [
        ("runs", 1),
        ("shop", 1),
    ]


async def test_triggers_and_strings_with_semicolons_are_one_statement(path, directory):
    await upgrade(
        path,
        migration_set(
            directory,
            m0001_create=(
                "CREATE TABLE items (id INTEGER, note TEXT DEFAULT 'a;b'); -- not; here\n"
                "CREATE TRIGGER once AFTER INSERT ON items BEGIN\n"
                "  UPDATE items SET id = id + 1; UPDATE items SET id = id + 1;\n"
                "END;\n"
                "INSERT INTO items (id) VALUES (1)\n"
            ),
        ),
    )
    assert rows(path, "SELECT id, note FROM items") == [(3, "a;b")]


async def test_an_applied_migration_may_not_change(path, directory):
    await upgrade(path, migration_set(directory, m0001_create="CREATE TABLE items (id INTEGER);"))
    changed = migration_set(directory, m0001_create="CREATE TABLE items (id TEXT);")
    with pytest.raises(MigrationChanged, match=r"shop: migration 0001_create .* restore"):
        await upgrade(path, changed)


async def test_line_endings_do_not_count_as_a_change(path, directory):
    shop = migration_set(directory, m0001_create="CREATE TABLE items (\nid INTEGER);\n")
    await upgrade(path, shop)
    (directory / "0001_create.sql").write_bytes(b"CREATE TABLE items (\r\nid INTEGER);\r\n")
    await upgrade(path, shop)


async def test_a_database_of_a_newer_release_is_refused(path, directory):
    shop = migration_set(directory, m0001_create="SELECT 1;", m0002_more="SELECT 2;")
    await upgrade(path, shop)
    (directory / "0002_more.sql").unlink()
    with pytest.raises(SchemaTooNew, match="install the newer release"):
        await upgrade(path, shop)


async def test_a_failing_migration_leaves_nothing_of_the_upgrade(path, directory):
    shop = migration_set(
        directory,
        m0001_create="CREATE TABLE items (id INTEGER);",
        m0002_broken="INSERT INTO items VALUES (1); INSERT INTO nowhere VALUES (1);",
    )
    with pytest.raises(MigrationFailed, match="0002_broken failed: no such table: nowhere"):
        await upgrade(path, shop)
    assert rows(path, "SELECT name FROM sqlite_schema") == []


async def test_verify_accepts_a_database_that_is_up_to_date(path, directory):
    shop = migration_set(directory, m0001_create="CREATE TABLE items (id INTEGER);")
    await upgrade(path, shop)
    await upgrade(path, shop, verify_only=True)


async def test_verify_names_what_is_waiting_and_applies_nothing(path, directory):
    await upgrade(path, migration_set(directory, m0001_create="CREATE TABLE items (id INTEGER);"))
    later = migration_set(directory, m0002_fill="INSERT INTO items VALUES (7);")
    with pytest.raises(SchemaOutdated, match="shop 0002_fill"):
        await upgrade(path, later, verify_only=True)
    assert rows(path, "SELECT id FROM items") == []


async def test_verify_of_an_empty_database_finds_everything_waiting(path, directory):
    await upgrade(path)
    connection = connect(path, read_only=False)
    connection.execute("DROP TABLE schema_migrations")
    connection.close()
    shop = migration_set(directory, m0001_create="SELECT 1;")
    with pytest.raises(SchemaOutdated, match="shop 0001_create"):
        await upgrade(path, shop, verify_only=True)


async def test_verify_creates_no_file(path, directory):
    with pytest.raises(StorageUnavailable):
        await upgrade(path, migration_set(directory), verify_only=True)
    assert not path.exists()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"m1_create": ""}, "name migrations like"),
        ({"m0002_create": ""}, "expected migration 0001 but found 0002"),
        ({"m0001_create": "", "m0003_more": ""}, "expected migration 0002 but found 0003"),
        ({"m0001_create": "", "m0001_other": ""}, "expected migration 0002 but found 0001"),
    ],
)
async def test_misnumbered_files_are_refused(path, directory, files, message):
    with pytest.raises(MigrationInvalid, match=message):
        await upgrade(path, migration_set(directory, **files))


async def test_a_component_name_is_an_identifier(path, directory):
    with pytest.raises(MigrationInvalid, match="lower case identifier"):
        await upgrade(path, migration_set(directory, "My Shop"))
