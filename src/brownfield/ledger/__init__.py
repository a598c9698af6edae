"""The one durable store. Functions take a connection; transactions are opened in runtime."""
