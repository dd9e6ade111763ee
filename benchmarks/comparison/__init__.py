"""Parts of ``benchmarks/stock.py``."""
