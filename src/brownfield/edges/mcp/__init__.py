"""The agent's door: one MCP server per wrapper, over HTTP at `/{wrapper}/mcp` and over stdio."""

from brownfield.edges.mcp.route import create_mcp_routes
from brownfield.edges.mcp.stdio import serve_stdio

__all__ = ["create_mcp_routes", "serve_stdio"]
