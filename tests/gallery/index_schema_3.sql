-- An index as the third schema had it. It is a record: never changed, whatever the schema becomes.
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
CREATE TABLE strangers (
    place TEXT NOT NULL,
    file TEXT NOT NULL,
    modified_ns INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (place, file)
);
INSERT INTO strangers VALUES ('library', 'holiday.mp4', 5, 6);
CREATE TABLE revision (number INTEGER NOT NULL);
INSERT INTO revision VALUES (1795312860007);
PRAGMA user_version = 3;
INSERT INTO clips (number, id, place, file, modified_ns, bytes, created_at, stars, tags, search_text, words)
VALUES
    (4, '00000000000a', 'library', 'a.mp4', 1, 2, 1795312860.5, 4, '["\u6d77\u62a5", "for Anna"]', '一只猫咪',
    '{"rushes": 1, "recipe": {"presets": ["golden-hour", {"schema": 1, "id": "loose"}]}, "shot": {"kind": "preview", "model": "pocket", "refine": null}}'),
    (9, '00000000000b', 'trash', 'b.mp4', 3, 4, 1795312999.0, 0, '[]', 'a red ball',
    '{"rushes": 1, "recipe": {"presets": []}, "shot": {"kind": "final", "model": "t2v-a14b", "refine": {"parent": "00000000000a", "sigma": 0.6, "fidelity": 0.5}}}');
