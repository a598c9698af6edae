"""The command line: a thin door. With a running server it speaks REST to it; without one it does what needs none."""

from brownfield.edges.cli.app import app


def main() -> None:
    """The console script `brownfield`."""
    app()
