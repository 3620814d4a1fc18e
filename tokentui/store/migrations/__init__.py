"""Numbered steps from one schema to the next, applied in order by `tokentui.store.migrate`.

A step is `up(migrator, db)`, which calls `db.execute_sql(statement)` and nothing else: a new database is made
by the same steps, without Peewee.
"""
