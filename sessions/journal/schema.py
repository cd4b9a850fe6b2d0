"""The tables of a recording; docs/journal.md says what each column means."""

from typing import Final

APPLICATION_ID: Final = 0x69746F70
"""`PRAGMA application_id` of our files: "itop"."""

SCHEMA: Final = 1
"""`PRAGMA user_version`: rises when a table changes so that an older infertop would misread it."""

SUFFIX: Final = ".itop"

TABLES: Final = {
    "facts": "key TEXT PRIMARY KEY, value TEXT NOT NULL",
    "requests": """
        id INTEGER PRIMARY KEY, backend TEXT NOT NULL, prompt_index INTEGER NOT NULL, worker INTEGER NOT NULL,
        workload TEXT NOT NULL, status TEXT NOT NULL, error TEXT NOT NULL, message TEXT NOT NULL,
        finish_reason TEXT NOT NULL, scheduled_ns INTEGER NOT NULL, sent_ns INTEGER, first_ns INTEGER,
        last_ns INTEGER, connect_ns INTEGER NOT NULL, resent INTEGER NOT NULL, input_tokens INTEGER NOT NULL,
        cached_tokens INTEGER NOT NULL, cache_write_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
        reasoning_tokens INTEGER NOT NULL, token_source TEXT NOT NULL, first_tokens INTEGER NOT NULL,
        chunks INTEGER NOT NULL, characters INTEGER NOT NULL, prompt_characters INTEGER NOT NULL, cost_usd REAL,
        good INTEGER, vendor TEXT""",
    "texts": "request INTEGER PRIMARY KEY REFERENCES requests, prompt TEXT, answer TEXT",
    "frames": "id INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, whole INTEGER NOT NULL, data BLOB NOT NULL",
    "markers": "id INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, text TEXT NOT NULL",
    "events": "id INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, kind TEXT NOT NULL, backend TEXT NOT NULL, "
    "text TEXT NOT NULL",
}
"""Name to columns."""

INDEXES: Final = {"frames_by_time": "frames (at_ns, id)"}

COLUMNS: Final = {
    table: tuple(column.split()[0] for column in columns.split(",") if column.strip())
    for table, columns in TABLES.items()
}
"""Table to the names of its columns."""
