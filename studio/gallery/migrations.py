"""The index's schema, one function for every step it took.

Append only: an index of any age is brought up by the steps it lacks. `PRAGMA user_version` counts
the steps done. Knows SQL; not who opens the file.
"""

from collections.abc import Callable

Execute = Callable[[str], object]


def _clips(execute: Execute) -> None:
    """place: library, trash or gone (its file is missing; stars and tags wait for its return).
    file: relative to that folder, with `/`. created_at: seconds since 1970, to sort by.

    What is searched stands before the long `words`, so that a scan never reads those.
    """
    execute("""
        CREATE TABLE clips (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            place TEXT NOT NULL,
            file TEXT NOT NULL,
            modified_ns INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            created_at REAL NOT NULL,
            stars INTEGER NOT NULL DEFAULT 0,
            tags TEXT NOT NULL DEFAULT '[]',
            search_text TEXT NOT NULL,
            words TEXT NOT NULL
        )""")
    execute("CREATE INDEX clips_by_age ON clips (place, created_at DESC, number DESC)")


def _strangers(execute: Execute) -> None:
    """Files in our folders that are none of our clips; remembered so as to be opened only once."""
    execute("""
        CREATE TABLE strangers (
            place TEXT NOT NULL,
            file TEXT NOT NULL,
            modified_ns INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            PRIMARY KEY (place, file)
        )""")


def _revision(execute: Execute) -> None:
    """One number that grows with every change. It starts from the clock, so that it also grows
    when a damaged index is made anew under a page that is watching."""
    execute("CREATE TABLE revision (number INTEGER NOT NULL)")
    execute("INSERT INTO revision VALUES (CAST(strftime('%s', 'now') AS INTEGER) * 1000)")


def _sorted_by_what_they_are(execute: Execute) -> None:
    """kind, model, presets (ids, JSON) and parent (the clip that this one refines) get columns of
    their own, taken out of the words. A new table, since a column that is added stands behind the
    long words. The index by age holds all that is filtered by, so that counting and choosing a
    page never read the rows of others.
    """
    execute("""
        CREATE TABLE sorted_clips (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            place TEXT NOT NULL,
            file TEXT NOT NULL,
            modified_ns INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            created_at REAL NOT NULL,
            stars INTEGER NOT NULL DEFAULT 0,
            tags TEXT NOT NULL DEFAULT '[]',
            kind TEXT NOT NULL,
            model TEXT NOT NULL,
            presets TEXT NOT NULL,
            parent TEXT,
            search_text TEXT NOT NULL,
            words TEXT NOT NULL
        )""")
    execute("""
        INSERT INTO sorted_clips
        SELECT number, id, place, file, modified_ns, bytes, created_at, stars, tags,
            coalesce(json_extract(words, '$.shot.kind'), ''),
            coalesce(json_extract(words, '$.shot.model'), ''),
            (SELECT json_group_array(
                CASE type WHEN 'object' THEN coalesce(json_extract(value, '$.id'), '')
                ELSE value END
            ) FROM json_each(words, '$.recipe.presets')),
            json_extract(words, '$.shot.refine.parent'),
            search_text, words
        FROM clips""")
    execute("DROP TABLE clips")
    execute("ALTER TABLE sorted_clips RENAME TO clips")
    execute("""
        CREATE INDEX clips_by_age
        ON clips (place, created_at DESC, number DESC, stars, kind, model, tags, presets)""")
    execute("CREATE INDEX clips_by_parent ON clips (parent) WHERE parent IS NOT NULL")


def _found_by_file(execute: Execute) -> None:
    """Thousands of files that have moved are found one by one, without reading all rows each time.
    With both columns, so that SQLite never takes the index by age for it."""
    execute("CREATE INDEX clips_by_file ON clips (file, place)")


MIGRATIONS: list[Callable[[Execute], None]] = [
    _clips,
    _strangers,
    _revision,
    _sorted_by_what_they_are,
    _found_by_file,
]
