-- An index as the first schema had it. It is a record: never changed, whatever the schema becomes.
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
);
CREATE INDEX clips_by_age ON clips (place, created_at DESC, number DESC);
PRAGMA user_version = 1;
INSERT INTO clips (id, place, file, modified_ns, bytes, created_at, stars, tags, search_text, words)
VALUES ('000000000001', 'library', 'an-older-name.mp4', 1, 2, 1795312860.0, 4, '["海报", "for Anna"]',
    '一只猫咪', '{}');
