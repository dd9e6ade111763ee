"""The human agents' side."""
