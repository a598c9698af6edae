"""The http door: REST, and the paths under which the other web doors hang."""

from brownfield.edges.http.app import create_app, serve

__all__ = ["create_app", "serve"]
