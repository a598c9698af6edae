"""The doors in: http, mcp, cli, console. Thin, over the same kernel."""
