"""Alembic's way in. It is given a connection that is in a transaction, and leaves the commit to who opened it."""

from alembic import context

from brownfield.ledger.migration.migrate import OPTIONS

context.configure(connection=context.config.attributes["connection"], **OPTIONS)
context.run_migrations()
