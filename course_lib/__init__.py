"""Small helpers that the chapters import. One readable file an idea; importing this package loads nothing heavy."""

__version__ = "0.1.0"
