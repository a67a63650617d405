"""The tables of the job list, and how each came to be. Append only.

Words for the database; knows nothing of connections. Number n of the list takes a file from
`user_version` n to n + 1.
"""

Migration = tuple[str, ...]

# AUTOINCREMENT: a number is never given twice, even after its row has gone.
JOBS = """CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    "group" TEXT NOT NULL,
    take INTEGER NOT NULL,
    recipe TEXT NOT NULL,
    shot TEXT NOT NULL,
    state TEXT NOT NULL,
    created TEXT NOT NULL,
    progress TEXT,
    plan TEXT,
    clip_id TEXT,
    error TEXT,
    advice TEXT,
    seconds REAL,
    cancel INTEGER NOT NULL DEFAULT 0
)"""
EVENTS = """CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    body TEXT NOT NULL
)"""


def _counting(verb: str) -> str:
    """Every event changes its job's row too, so watching the jobs alone misses nothing."""
    return (
        f"CREATE TRIGGER jobs_{verb} AFTER {verb} ON jobs "
        "BEGIN UPDATE revision SET number = number + 1; END"
    )


MIGRATIONS: tuple[Migration, ...] = (
    (
        JOBS,
        "CREATE INDEX jobs_state ON jobs (state, id)",
        EVENTS,
        "CREATE INDEX events_job ON events (job_id, id)",
        "CREATE TABLE revision (number INTEGER NOT NULL)",
        "INSERT INTO revision VALUES (0)",
        _counting("insert"),
        _counting("update"),
        _counting("delete"),
    ),
    # Where a waiting job stands: the least is taken first. Its number, until somebody moves it.
    (
        "ALTER TABLE jobs ADD COLUMN place INTEGER NOT NULL DEFAULT 0",
        "UPDATE jobs SET place = id",
    ),
)
