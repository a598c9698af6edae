"""The history of the tables, applied in order when a ledger is opened."""
