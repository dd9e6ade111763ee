"""Conversation tests are collected by the product's own plugin (docs/testing.md), which is itself tested with
pytester. The servers that a cluster is made of are fixtures of every suite.
"""

pytest_plugins = ["hotline.testing.plugin", "pytester", "tests.servers"]
