"""The console: server-rendered pages for the approver, the operator and the auditor. Works without JavaScript."""

from brownfield.edges.console.door import create_console

__all__ = ["create_console"]
