"""How the hotline does: figures over the facts (``hotline/services/facts.py``), defined in docs/reports.md."""
