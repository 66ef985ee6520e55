"""How the course is built: executed, checked, published and measured. No chapter imports it."""

import sys

# nbformat imports jsonschema, which makes 39 parsers of addresses at once (1.8 s) where it finds this package of
# JupyterLab's; no notebook's schema asks for one. pytest reads this first too: see addopts in pyproject.toml.
sys.modules.setdefault("rfc3987_syntax", None)
